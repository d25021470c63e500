//! The repository that an input names by `registryId` and `repositoryName`.

use app::api::Call;
use app::{Action, Error as Rule, Grant, Permit};
use aws::{Fault, Need, Resource, invalid_parameter};
use types::{AccountId, Digest, RegistryId, RepoName};

use crate::error::Error;

/// A repository, whether or not it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) registry: RegistryId,
    pub(crate) name: RepoName,
}

impl Target {
    /// Reads both members. The caller's own registry is meant if none is named.
    pub(crate) fn read(call: &Call, registry_id: Option<&str>, name: &str) -> Result<Self, Error> {
        let name = repository_name("repositoryName", name)?;
        Self::in_registry(call, registry(call, registry_id)?, name)
    }

    /// A repository in a registry. One of an account that does not exist is refused as AWS refuses it, whatever policies
    /// say: nothing can be in it.
    pub(crate) fn in_registry(call: &Call, registry: RegistryId, name: RepoName) -> Result<Self, Error> {
        if !call.ctx.app.snapshot().has_account(&registry.account) {
            return Err(Rule::RepositoryUnknown { registry, repository: name }.into());
        }
        Ok(Self { registry, name })
    }

    /// The need of an action on it.
    pub(crate) fn need(&self, action: Action) -> Need {
        Need::new(action.as_str(), Resource::Repository(self.registry.clone(), self.name.clone()))
    }

    /// What the grant of a call says about it.
    pub(crate) fn permit(&self, grant: &Grant) -> Permit {
        grant.permit(&self.registry, &self.name)
    }

    /// A failure of a rule in the words of ECR, where those name the repository. The texts of missing references were
    /// observed; the others are worded alike.
    pub(crate) fn failure(&self, error: Rule) -> Error {
        let (name, id) = (&self.name, &self.registry.account);
        match error {
            Rule::ReferencesUnknown { images, .. } if !images.is_empty() => Fault::new(
                "ReferencedImagesNotFoundException",
                format!(
                    "Images with digests '{}' required for pushing image into repository with name '{name}' in the \
                     registry with id '{id}' do not exist",
                    list(&images)
                ),
            ),
            Rule::ReferencesUnknown { layers, .. } => Fault::new(
                "LayersNotFoundException",
                format!(
                    "Layers with digests '{}' required for pushing image into repository with name '{name}' in the \
                     registry with id '{id}' do not exist",
                    list(&layers)
                ),
            ),
            Rule::DigestMismatch(digest) => Fault::new(
                "ImageDigestDoesNotMatchException",
                format!("The image digest '{digest}' does not match the digest of the image manifest"),
            ),
            Rule::ManifestInvalid(reason) => invalid_parameter("ImageManifest", reason),
            Rule::ManifestTooLarge { limit } => {
                invalid_parameter("ImageManifest", format!("must have length less than or equal to {limit}"))
            }
            Rule::BlobUnknown(digest) => return self.no_layer(digest.as_str()),
            Rule::LayerInaccessible(digest) => Fault::new(
                "LayerInaccessibleException",
                format!(
                    "The layer with digest '{digest}' in the repository with name '{name}' in the registry with id '{id}' \
                     is not available because it is not associated with an image"
                ),
            ),
            // The code is ECR's; its text was not observed.
            Rule::LayerArchived(digest) => Fault::new(
                "LayerInaccessibleException",
                format!(
                    "The layer with digest '{digest}' in the repository with name '{name}' in the registry with id '{id}' \
                     is not available because it is associated with archived images only"
                ),
            ),
            other => return other.into(),
        }
        .into()
    }

    /// The failure that the repository has no such layer.
    pub(crate) fn no_layer(&self, digest: &str) -> Error {
        let (name, id) = (&self.name, &self.registry.account);
        let message = format!(
            "The layer with digest '{digest}' does not exist in the repository with name '{name}' in the registry with id \
             '{id}'"
        );
        Fault::new("LayersNotFoundException", message).into()
    }

    /// A failure of a rule about a layer upload, with the members that ECR's errors have.
    pub(crate) fn upload_failure(&self, error: Rule, upload_id: &str) -> Error {
        let (name, id) = (&self.name, &self.registry.account);
        let upload = format!(
            "the upload with id '{upload_id}' in the repository with name '{name}' in the registry with id '{id}'"
        );
        match error {
            Rule::UploadUnknown => Fault::new(
                "UploadNotFoundException",
                format!(
                    "Upload with id '{upload_id}' could not be found for the repository with name '{name}' in the \
                     registry with id '{id}'"
                ),
            ),
            Rule::OutOfOrder { received } => {
                let message = format!("The part does not begin behind the last byte, {}, of {upload}", last(received));
                self.invalid_part(message, upload_id, received)
            }
            Rule::LayerPartInvalid { received } => {
                let message = format!("The part does not have the size of its offsets, or is too large, for {upload}");
                self.invalid_part(message, upload_id, received)
            }
            Rule::UploadBusy { received } | Rule::BodyInterrupted { received } => {
                let message = format!("Another part is being written to {upload}");
                self.invalid_part(message, upload_id, received)
            }
            Rule::DigestMismatch(digest) => Fault::new(
                "InvalidLayerException",
                format!("The layer of {upload} does not have the digest '{digest}'"),
            ),
            Rule::UploadEmpty => Fault::new("EmptyUploadException", format!("There are no parts of {upload}")),
            Rule::LayerPartTooSmall { minimum } => Fault::new(
                "LayerPartTooSmallException",
                format!("A part other than the last is smaller than {minimum} bytes in {upload}"),
            ),
            Rule::LayerExists(digest) => Fault::new(
                "LayerAlreadyExistsException",
                format!(
                    "Layer with digest '{digest}' already exists in the repository with name '{name}' in registry with id \
                     '{id}'"
                ),
            ),
            other => return other.into(),
        }
        .into()
    }

    fn invalid_part(&self, message: String, upload_id: &str, received: u64) -> Fault {
        Fault::new("InvalidLayerPartException", message)
            .with("registryId", self.registry_id())
            .with("repositoryName", self.repository_name())
            .with("uploadId", upload_id)
            .with("lastValidByteReceived", last(received))
    }

    /// `registryId` of answers.
    pub(crate) fn registry_id(&self) -> String {
        self.registry.account.to_string()
    }

    /// `repositoryName` of answers.
    pub(crate) fn repository_name(&self) -> String {
        self.name.to_string()
    }
}

/// The offset of the last of so many bytes; of none it is -1.
fn last(received: u64) -> i64 {
    i64::try_from(received).unwrap_or(i64::MAX) - 1
}

/// Digests as ECR prints a list; a manifest may have thousands.
fn list(digests: &[Digest]) -> String {
    let shown: Vec<&str> = digests.iter().take(100).map(Digest::as_str).collect();
    format!("[{}]", shown.join(", "))
}

/// The registry that an input names, in the region of the call; the caller's own if it names none.
pub(crate) fn registry(call: &Call, registry_id: Option<&str>) -> Result<RegistryId, Error> {
    let Some(id) = registry_id else {
        return Ok(call.registry(None));
    };
    let account: AccountId =
        id.parse().map_err(|_| invalid_parameter("registryId", "must satisfy regular expression '[0-9]{12}'"))?;
    Ok(call.registry(Some(&account)))
}

/// Refuses a call about a registry that is not the caller's own, where there is no other that it could be about.
pub(crate) fn own_registry(call: &Call, registry_id: Option<&str>) -> Result<(), Error> {
    if registry(call, registry_id)? == call.ctx.registry {
        return Ok(());
    }
    Err(invalid_parameter("registryId", "must be the registry of the caller").into())
}

/// A repository name. ECR's begin at two characters; a repository of one may have come by a push.
pub(crate) fn repository_name(member: &str, text: &str) -> Result<RepoName, Error> {
    const PATTERN: &str = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*";
    if text.is_empty() {
        return Err(invalid_parameter(member, "must have length greater than or equal to 2").into());
    }
    if text.len() > RepoName::MAX_LENGTH {
        let longest = format!("must have length less than or equal to {}", RepoName::MAX_LENGTH);
        return Err(invalid_parameter(member, longest).into());
    }
    text.parse().map_err(|_| invalid_parameter(member, format!("must satisfy regular expression '{PATTERN}'")).into())
}
