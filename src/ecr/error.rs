//! Failures of rules in the words of ECR. A new one does not compile until it is named here.

use app::Error as Rule;
use aws::{Common, Fault};
use http::StatusCode;

/// How an operation fails.
#[derive(Debug)]
pub(crate) struct Error(Fault);

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl From<Rule> for Error {
    fn from(rule: Rule) -> Self {
        let message = rule.to_string();
        let new = |code| Fault::new(code, message.clone());
        Self(match rule {
            Rule::Denied(_) => Fault::common(Common::AccessDenied, message),
            Rule::Unauthenticated(_) => Fault::common(Common::UnrecognizedClient, message),
            Rule::TooManyRequests { .. } => Fault::common(Common::Throttling, "Rate exceeded"),
            Rule::RepositoryUnknown { .. } => new("RepositoryNotFoundException"),
            Rule::RepositoryExists { .. } => new("RepositoryAlreadyExistsException"),
            Rule::RepositoryNotEmpty { .. } => new("RepositoryNotEmptyException"),
            Rule::RepositoryPolicyUnknown { .. } => new("RepositoryPolicyNotFoundException"),
            Rule::ImageUnknown { .. } | Rule::ManifestUnknown(_) | Rule::ManifestArchived(_) => {
                new("ImageNotFoundException")
            }
            Rule::ImageExists { .. } => new("ImageAlreadyExistsException"),
            Rule::InvalidParameter { .. } => new("InvalidParameterException"),
            Rule::InvalidTagParameter(_) => new("InvalidTagParameterException"),
            Rule::TooManyTags { .. } => new("TooManyTagsException"),
            Rule::LimitExceeded(_) => new("LimitExceededException"),
            Rule::LayerInaccessible(_) | Rule::LayerArchived(_) => new("LayerInaccessibleException"),
            Rule::LayerExists(_) => new("LayerAlreadyExistsException"),
            Rule::UploadEmpty => new("EmptyUploadException"),
            Rule::LayerPartTooSmall { .. } => new("LayerPartTooSmallException"),
            Rule::BlobUnknown(_) => new("LayersNotFoundException"),
            Rule::UploadUnknown => new("UploadNotFoundException"),
            Rule::UploadBusy { received }
            | Rule::OutOfOrder { received }
            | Rule::LayerPartInvalid { received }
            | Rule::BodyInterrupted { received } => {
                let last = i64::try_from(received).unwrap_or(i64::MAX) - 1;
                new("InvalidLayerPartException").with("lastValidByteReceived", last)
            }
            Rule::SizeInvalid | Rule::DigestMismatch(_) => new("InvalidLayerException"),
            // Images in an index are looked for before layers.
            Rule::ReferencesUnknown { images, .. } if !images.is_empty() => new("ReferencedImagesNotFoundException"),
            Rule::ReferencesUnknown { .. } => new("LayersNotFoundException"),
            Rule::TagImmutable { .. } | Rule::TagMoved { .. } => new("ImageTagAlreadyExistsException"),
            Rule::ManifestInvalid(_)
            | Rule::ManifestTooLarge { .. }
            | Rule::Referenced { .. }
            | Rule::DeleteDisabled
            | Rule::Invalid(_) => new("InvalidParameterException"),
            Rule::Validation(_) => new("ValidationException"),
            Rule::LifecyclePolicyInvalid(_) => new("InvalidParameterException"),
            Rule::LifecyclePolicyUnknown { .. } => new("LifecyclePolicyNotFoundException"),
            Rule::LifecyclePreviewInProgress { .. } => new("LifecyclePolicyPreviewInProgressException"),
            Rule::LifecyclePreviewUnknown { .. } => new("LifecyclePolicyPreviewNotFoundException"),
            Rule::RegistryPolicyUnknown(_) => new("RegistryPolicyNotFoundException"),
            Rule::ScanUnknown { .. } => new("ScanNotFoundException"),
            Rule::ImageUnscannable(_) => new("UnsupportedImageTypeException"),
            Rule::ImageArchived => new("ImageArchivedException"),
            Rule::StorageClassUnsupported => new("ImageStorageClassUpdateNotSupportedException"),
            Rule::CacheRuleUnknown { .. } => new("PullThroughCacheRuleNotFoundException"),
            Rule::CacheRuleExists { .. } => new("PullThroughCacheRuleAlreadyExistsException"),
            Rule::UpstreamUnsupported(_) | Rule::UpstreamNeedsLogin => new("UnsupportedUpstreamRegistryException"),
            Rule::SecretUnknown => new("SecretNotFoundException"),
            Rule::TemplateUnknown { .. } => new("TemplateNotFoundException"),
            Rule::TemplateExists { .. } => new("TemplateAlreadyExistsException"),
            Rule::ExclusionUnknown { .. } => new("ExclusionNotFoundException"),
            Rule::ExclusionExists { .. } => new("ExclusionAlreadyExistsException"),
            Rule::SigningConfigurationUnknown(_) => new("SigningConfigurationNotFoundException"),
            Rule::BackfillUnknown { .. } => new("ReplicationBackfillNotFoundException"),
            Rule::BackfillInProgress { .. } => new("ReplicationBackfillInProgressException"),
            Rule::BackfillEnded { .. } => new("ReplicationBackfillInvalidStatusException"),
            Rule::NoSpace => Fault::with_status("ServerException", StatusCode::INSUFFICIENT_STORAGE, message),
            Rule::Encryption { reason } => new("KmsException").with("kmsError", reason),
            // Nothing of this API is fetched from elsewhere.
            Rule::Upstream { .. } => Fault::with_status("ServerException", StatusCode::BAD_GATEWAY, message),
            Rule::Unavailable(_) => Fault::with_status("ServerException", StatusCode::SERVICE_UNAVAILABLE, message),
            Rule::Internal => Fault::with_status("ServerException", StatusCode::INTERNAL_SERVER_ERROR, message),
        })
    }
}
