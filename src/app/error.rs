//! What can go wrong, in the domain's words. Each front turns every variant into its own code, status and message.

use std::time::Duration;

use types::{Digest, RegistryId, RepoName, Tag};

use crate::images::ImageId;
use crate::lifecycle::PolicyFault;

/// A rule that was not met, or a failure below.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No or wrong credentials.
    #[error("authentication is required: {0}")]
    Unauthenticated(&'static str),
    /// The caller is known, and may not.
    #[error("{0}")]
    Denied(String),
    /// Too many failed logins or open sessions.
    #[error("too many requests; try again in {} seconds", retry_after.as_secs())]
    TooManyRequests {
        /// When it makes sense to come back.
        retry_after: Duration,
    },
    /// The repository does not exist. The text is ECR's, as those of the next ones are.
    #[error("The repository with name '{repository}' does not exist in the registry with id '{}'", registry.account)]
    RepositoryUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
    },
    /// The repository exists already.
    #[error("The repository with name '{repository}' already exists in the registry with id '{}'", registry.account)]
    RepositoryExists {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
    },
    /// The repository has images, so it is not deleted without force.
    #[error(
        "The repository with name '{repository}' in registry with id '{}' cannot be deleted because it still contains images",
        registry.account
    )]
    RepositoryNotEmpty {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
    },
    /// The repository has no policy.
    #[error(
        "Repository policy does not exist for the repository with name '{repository}' in the registry with id '{}'",
        registry.account
    )]
    RepositoryPolicyUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
    },
    /// A call named an image that does not exist.
    #[error(
        "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name \
         '{repository}' in the registry with id '{}'",
        id.digest.as_deref().unwrap_or("null"), id.tag.as_deref().unwrap_or("null"), registry.account
    )]
    ImageUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
        /// As the client named it.
        id: ImageId,
    },
    /// The image is there already, with that tag.
    #[error(
        "Image with digest '{digest}' and tag '{}' already exists in the repository with name '{repository}' in registry \
         with id '{}'",
        tag.as_ref().map_or("null", Tag::as_str), registry.account
    )]
    ImageExists {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
        /// The image.
        digest: Digest,
        /// The tag that was to be set.
        tag: Option<Tag>,
    },
    /// The repository has no such manifest.
    #[error("manifest '{0}' does not exist in this repository")]
    ManifestUnknown(String),
    /// The repository has no such blob.
    #[error("blob '{0}' does not exist in this repository")]
    BlobUnknown(Digest),
    /// The session does not exist, belongs to somebody else, or has ended.
    #[error("upload session does not exist or has ended; begin a new one")]
    UploadUnknown,
    /// Another request writes to the session.
    #[error("another request is writing to this upload session")]
    UploadBusy {
        /// Bytes held so far.
        received: u64,
    },
    /// The bytes do not begin where the session ends.
    #[error("bytes must continue at offset {received}")]
    OutOfOrder {
        /// Bytes held so far.
        received: u64,
    },
    /// The body has another length than its request said.
    #[error("the body has another length than announced; nothing of it was kept")]
    SizeInvalid,
    /// The body ended before its time.
    #[error("the body was cut off; the upload can go on from offset {received}")]
    BodyInterrupted {
        /// Bytes held so far.
        received: u64,
    },
    /// The bytes have another digest than was claimed.
    #[error("the content does not have the digest {0}")]
    DigestMismatch(Digest),
    /// The manifest is malformed.
    #[error("{0}")]
    ManifestInvalid(String),
    /// The manifest is larger than allowed.
    #[error("the manifest is larger than {limit} bytes")]
    ManifestTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The manifest refers to what the repository does not have.
    #[error("the manifest refers to {} blobs or manifests that this repository does not have", layers.len() + images.len())]
    ReferencesUnknown {
        /// Its config and layers that are missing.
        layers: Vec<Digest>,
        /// The images in an index that are missing.
        images: Vec<Digest>,
    },
    /// The tag exists and may not move.
    #[error(
        "The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because the \
         repository is immutable."
    )]
    TagImmutable {
        /// The repository.
        repository: RepoName,
        /// The tag.
        tag: Tag,
    },
    /// The tag is not where the client saw it.
    #[error("tag '{tag}' is not at the digest that the request is conditional on")]
    TagMoved {
        /// The tag.
        tag: Tag,
    },
    /// Something still refers to what is to be deleted.
    #[error("{what} is referenced by manifest {parent}; delete that first")]
    Referenced {
        /// `blob` or `manifest`.
        what: &'static str,
        /// The manifest that refers to it.
        parent: Digest,
    },
    /// A call is refused for a reason that is not the form of a parameter.
    #[error("{0}")]
    Validation(String),
    /// A lifecycle policy is not valid. The text is ECR's, as those of the next ones are where one was observed.
    #[error(
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: {0}'"
    )]
    LifecyclePolicyInvalid(PolicyFault),
    /// The repository has no lifecycle policy.
    #[error("Lifecycle policy does not exist for the repository with name '{repository}' in the registry with id '{}'", registry.account)]
    LifecyclePolicyUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
    },
    /// A preview of the repository is under way.
    #[error(
        "The lifecycle policy preview of the repository with name '{repository}' in the registry with id '{}' is in progress", registry.account)]
    LifecyclePreviewInProgress {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
    },
    /// Nobody asked for a preview of the repository.
    #[error(
        "Lifecycle policy preview does not exist for the repository with name '{repository}' in the registry with id '{}'", registry.account)]
    LifecyclePreviewUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
    },
    /// The registry has no policy.
    #[error("Registry policy does not exist in the registry with id '{}'", .0.account)]
    RegistryPolicyUnknown(RegistryId),
    /// The image was never scanned.
    #[error(
        "Image scan does not exist for the image with '{{imageDigest:'{}', imageTag:'{}'}}' in the repository with name \
         '{repository}' in the registry with id '{}'",
        id.digest.as_deref().unwrap_or("null"), id.tag.as_deref().unwrap_or("null"), registry.account)]
    ScanUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// The repository.
        repository: RepoName,
        /// The image.
        id: ImageId,
    },
    /// What is to be scanned has no file system to look into.
    #[error("The operation failed because the image type '{0}' is not supported for scanning")]
    ImageUnscannable(String),
    /// The image cannot be moved to or from the archive.
    #[error(
        "The requested image storage class update is not supported: an image index that is not archived lists the image"
    )]
    StorageClassUnsupported,
    /// What is to be scanned is archived. The text is that of ECR's model.
    #[error("The specified image is archived and cannot be scanned.")]
    ImageArchived,
    /// The repository has the manifest in its archive, from where nothing is given out.
    #[error("manifest '{0}' is archived; restore it with UpdateImageStorageClass, or push it again")]
    ManifestArchived(String),
    /// There is no such cache rule.
    #[error("The pull through cache rule with prefix '{prefix}' does not exist in the registry with id '{}'", registry.account)]
    CacheRuleUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// The rule.
        prefix: String,
    },
    /// There is a cache rule with that prefix.
    #[error("The pull through cache rule with prefix '{prefix}' already exists in the registry with id '{}'", registry.account)]
    CacheRuleExists {
        /// Whose registry.
        registry: RegistryId,
        /// The rule.
        prefix: String,
    },
    /// No cache rule can stand for a registry at that host.
    #[error(
        "The upstream registry '{0}' is not supported; the operator can name others than those of ECR in WHARF_CACHE_UPSTREAMS"
    )]
    UpstreamUnsupported(String),
    /// A cache rule names no secret for a registry that gives nothing without a login. The text is ECR's, as its callers
    /// report it (aws-controllers-k8s/community#2589).
    #[error(
        "The specified upstream registry requires authentication. Specify a valid Secrets Manager ARN containing the upstream registry credentials."
    )]
    UpstreamNeedsLogin,
    /// There is no secret of the ARN that a cache rule names. The text is ECR's, as its callers report it.
    #[error("The ARN of the secret specified in the pull through cache rule was not found")]
    SecretUnknown,
    /// Another registry did not give what was asked of it here.
    #[error("the upstream registry {host} {failure}")]
    Upstream {
        /// The other registry.
        host: String,
        /// What is the matter with it.
        failure: UpstreamFailure,
    },
    /// There is no such creation template.
    #[error("The repository creation template with prefix '{prefix}' does not exist in the registry with id '{}'", registry.account)]
    TemplateUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// The template.
        prefix: String,
    },
    /// There is a creation template with that prefix.
    #[error("The repository creation template with prefix '{prefix}' already exists in the registry with id '{}'", registry.account)]
    TemplateExists {
        /// Whose registry.
        registry: RegistryId,
        /// The template.
        prefix: String,
    },
    /// The pulls of that principal count.
    #[error("The pull time update exclusion for '{principal}' does not exist in the registry with id '{}'", registry.account)]
    ExclusionUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// Its ARN.
        principal: String,
    },
    /// The pulls of that principal do not count already.
    #[error("The pull time update exclusion for '{principal}' already exists in the registry with id '{}'", registry.account)]
    ExclusionExists {
        /// Whose registry.
        registry: RegistryId,
        /// Its ARN.
        principal: String,
    },
    /// The registry has no signing configuration.
    #[error("Signing configuration does not exist in the registry with id '{}'", .0.account)]
    SigningConfigurationUnknown(RegistryId),
    /// There is no such backfill.
    #[error("The replication backfill with id '{id}' does not exist in the registry with id '{}'", registry.account)]
    BackfillUnknown {
        /// Whose registry.
        registry: RegistryId,
        /// As the client named it.
        id: String,
    },
    /// A backfill to that region is under way.
    #[error("A replication backfill to {} is already in progress in the registry with id '{}'", destination.region, registry.account)]
    BackfillInProgress {
        /// Whose registry.
        registry: RegistryId,
        /// Where to.
        destination: RegistryId,
    },
    /// A backfill is over.
    #[error("The replication backfill with id '{id}' has the status {status} and cannot be stopped")]
    BackfillEnded {
        /// Which.
        id: String,
        /// How it ended.
        status: String,
    },
    /// Deleting is switched off.
    #[error("deleting is disabled on this registry")]
    DeleteDisabled,
    /// No image refers to the blob, so it may go at any time and is not given out by ECR's API.
    #[error("the layer {0} is not associated with an image")]
    LayerInaccessible(Digest),
    /// Only archived images refer to the blob.
    #[error("the layer {0} belongs to archived images only")]
    LayerArchived(Digest),
    /// The blob that an upload brings is there already.
    #[error("the layer {0} already exists in the repository")]
    LayerExists(Digest),
    /// A part of a layer upload has not the length that its offsets say, or is larger than allowed.
    #[error(
        "the part does not have the length of its offsets or is too large; bytes must continue at offset {received}"
    )]
    LayerPartInvalid {
        /// Bytes held so far.
        received: u64,
    },
    /// A layer upload is to be completed that has no part.
    #[error("the layer upload has no parts")]
    UploadEmpty,
    /// A part of a layer upload, not the last, is smaller than allowed.
    #[error("a part of the layer before its last one is smaller than {minimum} bytes")]
    LayerPartTooSmall {
        /// In bytes.
        minimum: u64,
    },
    /// A quota of the registry would be passed.
    #[error("{0}")]
    LimitExceeded(String),
    /// A parameter does not have the form that it must have. The text is ECR's.
    #[error("Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'")]
    InvalidParameter {
        /// As ECR spells it in messages.
        parameter: &'static str,
        /// What it must be.
        constraint: String,
    },
    /// A resource tag does not have the form that it must have.
    #[error("{0}")]
    InvalidTagParameter(String),
    /// The resource would have too many tags.
    #[error("The resource cannot have more than {limit} tags, and would have {count}")]
    TooManyTags {
        /// How many there would be.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// An argument of an administrative command does not fit.
    #[error("{0}")]
    Invalid(String),
    /// There is no space left for what is to be stored.
    #[error("the registry is out of space; nothing was stored")]
    NoSpace,
    /// The storage refuses to encrypt what is stored, or to decrypt what is read. Its own word for it is given to the client:
    /// whoever chose the key of a repository knows from it what to do.
    #[error(
        "the storage refuses the encryption of this content: {reason}; look at the repository's encryption and its key"
    )]
    Encryption {
        /// As the storage calls it, such as `KMS.NotFoundException`.
        reason: String,
    },
    /// The database or the storage does not answer; what was asked may or may not have happened. Try again.
    #[error("the registry cannot reach its {0}")]
    Unavailable(&'static str),
    /// A failure that only the operator can look into; details are in the log.
    #[error("internal error")]
    Internal,
}

/// Why another registry did not give what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamFailure {
    /// It cannot be reached, fell silent, or is in trouble itself.
    #[error("does not answer as it should; try again")]
    Down,
    /// It wants to be asked less.
    #[error("wants to be asked less; try again in {} seconds", retry_after.as_secs())]
    Busy {
        /// When it makes sense to come back.
        retry_after: Duration,
    },
    /// It does not let this registry in.
    #[error("refuses to give it out")]
    Refused,
    /// It leads to an address that must not be asked.
    #[error("leads to an address that this registry does not ask")]
    Forbidden,
    /// The secret of its cache rule cannot be read.
    #[error(
        "cannot be asked: the secret of its cache rule is not there, or is no JSON text with username and accessToken"
    )]
    NoSecret,
    /// It is not one that rules may name any more.
    #[error("is not supported any more")]
    Unsupported,
    /// What it gave is not what was asked for.
    #[error("gave something that is not what was asked for; nothing of it was kept")]
    Wrong,
}

/// The result of every rule.
pub type Result<T> = std::result::Result<T, Error>;

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match &error {
            store::Error::Unavailable(_) | store::Error::Conflict(_) => {
                tracing::warn!(%error, "the database did not do what was asked");
                Self::Unavailable("database")
            }
            store::Error::Full(_) => {
                tracing::error!(%error, "the database is out of space");
                Self::NoSpace
            }
            store::Error::Damaged { .. } | store::Error::Unusable(_) | store::Error::Statement(_) => {
                tracing::error!(%error, "the database failed");
                Self::Internal
            }
        }
    }
}

impl From<types::Invalid> for Error {
    fn from(error: types::Invalid) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<::blobs::Error> for Error {
    fn from(error: ::blobs::Error) -> Self {
        use ::blobs::Error as Blobs;
        match error {
            Blobs::DigestMismatch { expected, .. } => Self::DigestMismatch(expected),
            Blobs::NoSpace => Self::NoSpace,
            Blobs::ChunkLimit { .. } | Blobs::TooLarge => Self::SizeInvalid,
            Blobs::Busy => Self::UploadBusy { received: 0 },
            Blobs::Lost { .. } | Blobs::Closed => Self::UploadUnknown,
            Blobs::Body { .. } => Self::BodyInterrupted { received: 0 },
            Blobs::NotFound { .. } | Blobs::Damaged { .. } | Blobs::InvalidKey { .. } | Blobs::Config { .. } => {
                tracing::error!(%error, "the blob store failed");
                Self::Internal
            }
            Blobs::Encryption { ref reason, .. } => {
                // Whoever creates repositories names keys: it is no fault of the installation.
                tracing::warn!(%error, "the storage refuses to encrypt or to decrypt");
                Self::Encryption { reason: reason.clone() }
            }
            Blobs::Io { .. } | Blobs::S3 { .. } | Blobs::Answer { .. } => {
                tracing::error!(%error, "the blob store failed");
                Self::Unavailable("blob store")
            }
        }
    }
}
