//! Failures of rules in the words of IAM and STS. A new one does not compile until it is named here.

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

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Rule::from(error).into()
    }
}

impl From<Rule> for Error {
    fn from(rule: Rule) -> Self {
        let message = rule.to_string();
        let failure = |status| Fault::with_status("ServiceFailure", status, message.clone());
        Self(match rule {
            Rule::Denied(_) => Fault::common(Common::AccessDenied, message),
            Rule::Unauthenticated(_) => Fault::common(Common::UnrecognizedClient, message),
            Rule::TooManyRequests { .. } => Fault::common(Common::Throttling, "Rate exceeded"),
            Rule::Invalid(_) => Fault::new("InvalidInput", message),
            // Rules of images and repositories are not called from here.
            Rule::RepositoryUnknown { .. }
            | Rule::RepositoryExists { .. }
            | Rule::ManifestUnknown(_)
            | Rule::BlobUnknown(_)
            | Rule::UploadUnknown
            | Rule::Validation(_)
            | Rule::LifecyclePolicyInvalid(_)
            | Rule::LifecyclePolicyUnknown { .. }
            | Rule::LifecyclePreviewInProgress { .. }
            | Rule::LifecyclePreviewUnknown { .. }
            | Rule::RegistryPolicyUnknown(_)
            | Rule::ScanUnknown { .. }
            | Rule::ImageUnscannable(_)
            | Rule::ImageArchived
            | Rule::ManifestArchived(_)
            | Rule::StorageClassUnsupported
            | Rule::CacheRuleUnknown { .. }
            | Rule::CacheRuleExists { .. }
            | Rule::UpstreamUnsupported(_)
            | Rule::UpstreamNeedsLogin
            | Rule::SecretUnknown
            | Rule::Upstream { .. }
            | Rule::TemplateUnknown { .. }
            | Rule::TemplateExists { .. }
            | Rule::ExclusionUnknown { .. }
            | Rule::ExclusionExists { .. }
            | Rule::SigningConfigurationUnknown(_)
            | Rule::BackfillUnknown { .. }
            | Rule::BackfillInProgress { .. }
            | Rule::BackfillEnded { .. }
            | Rule::UploadBusy { .. }
            | Rule::OutOfOrder { .. }
            | Rule::SizeInvalid
            | Rule::BodyInterrupted { .. }
            | Rule::DigestMismatch(_)
            | Rule::ManifestInvalid(_)
            | Rule::ManifestTooLarge { .. }
            | Rule::ReferencesUnknown { .. }
            | Rule::RepositoryNotEmpty { .. }
            | Rule::RepositoryPolicyUnknown { .. }
            | Rule::ImageUnknown { .. }
            | Rule::ImageExists { .. }
            | Rule::LayerInaccessible(_)
            | Rule::LayerArchived(_)
            | Rule::LayerExists(_)
            | Rule::LayerPartInvalid { .. }
            | Rule::UploadEmpty
            | Rule::LayerPartTooSmall { .. }
            | Rule::LimitExceeded(_)
            | Rule::InvalidParameter { .. }
            | Rule::InvalidTagParameter(_)
            | Rule::TooManyTags { .. }
            | Rule::TagImmutable { .. }
            | Rule::TagMoved { .. }
            | Rule::Referenced { .. }
            | Rule::DeleteDisabled => Fault::new("InvalidInput", message),
            // Nothing of this API is in the storage.
            Rule::Encryption { .. } => failure(StatusCode::INTERNAL_SERVER_ERROR),
            Rule::NoSpace => failure(StatusCode::INSUFFICIENT_STORAGE),
            Rule::Unavailable(_) => failure(StatusCode::SERVICE_UNAVAILABLE),
            Rule::Internal => failure(StatusCode::INTERNAL_SERVER_ERROR),
        })
    }
}
