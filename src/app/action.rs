//! The actions of ECR as IAM knows them. Requests of the registry protocol and operations of the API are authorized by
//! the same ones.

/// An action of ECR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ask whether a blob is there.
    BatchCheckLayerAvailability,
    /// Delete tags, manifests and blobs.
    BatchDeleteImage,
    /// Read a manifest, or its referrers.
    BatchGetImage,
    /// Read how repositories are scanned.
    BatchGetRepositoryScanningConfiguration,
    /// Fetch an image from an upstream registry.
    BatchImportUpstreamImage,
    /// Finish an upload.
    CompleteLayerUpload,
    /// Add a cache rule.
    CreatePullThroughCacheRule,
    /// Create a repository.
    CreateRepository,
    /// Add a creation template.
    CreateRepositoryCreationTemplate,
    /// Remove a lifecycle policy.
    DeleteLifecyclePolicy,
    /// Remove a cache rule.
    DeletePullThroughCacheRule,
    /// Remove the policy of the registry.
    DeleteRegistryPolicy,
    /// Delete a repository.
    DeleteRepository,
    /// Remove a creation template.
    DeleteRepositoryCreationTemplate,
    /// Remove the policy of a repository.
    DeleteRepositoryPolicy,
    /// Remove the signing configuration.
    DeleteSigningConfiguration,
    /// Let a principal's pulls count again.
    DeregisterPullTimeUpdateExclusion,
    /// See where an image was replicated to.
    DescribeImageReplicationStatus,
    /// Read what scans found.
    DescribeImageScanFindings,
    /// See whether an image was signed.
    DescribeImageSigningStatus,
    /// Read what is known of images.
    DescribeImages,
    /// List cache rules.
    DescribePullThroughCacheRules,
    /// Read the settings of the registry.
    DescribeRegistry,
    /// Read the results of a backfill.
    DescribeReplicationBackfillResults,
    /// See that a repository exists.
    DescribeRepositories,
    /// List creation templates.
    DescribeRepositoryCreationTemplates,
    /// Read a setting of the account.
    GetAccountSetting,
    /// Get a password for docker.
    GetAuthorizationToken,
    /// Read a blob.
    GetDownloadUrlForLayer,
    /// Read a lifecycle policy.
    GetLifecyclePolicy,
    /// Read what a lifecycle policy would do.
    GetLifecyclePolicyPreview,
    /// Read the policy of the registry.
    GetRegistryPolicy,
    /// Read how the registry is scanned.
    GetRegistryScanningConfiguration,
    /// Read the policy of a repository.
    GetRepositoryPolicy,
    /// Read the signing configuration.
    GetSigningConfiguration,
    /// Begin an upload.
    InitiateLayerUpload,
    /// List tags.
    ListImages,
    /// List the principals whose pulls do not count.
    ListPullTimeUpdateExclusions,
    /// List backfills.
    ListReplicationBackfills,
    /// Read the tags of a resource.
    ListTagsForResource,
    /// Change a setting of the account.
    PutAccountSetting,
    /// Push a manifest or a tag.
    PutImage,
    /// Change how a repository is scanned.
    PutImageScanningConfiguration,
    /// Change whether tags may move.
    PutImageTagMutability,
    /// Set a lifecycle policy.
    PutLifecyclePolicy,
    /// Set the policy of the registry.
    PutRegistryPolicy,
    /// Change how the registry is scanned.
    PutRegistryScanningConfiguration,
    /// Change where images are replicated to.
    PutReplicationConfiguration,
    /// Set the signing configuration.
    PutSigningConfiguration,
    /// Let a principal's pulls not count.
    RegisterPullTimeUpdateExclusion,
    /// Replicate an image into this registry.
    ReplicateImage,
    /// Set the policy of a repository.
    SetRepositoryPolicy,
    /// Scan an image.
    StartImageScan,
    /// See what a lifecycle policy would do.
    StartLifecyclePolicyPreview,
    /// Replicate what is there already.
    StartReplicationBackfill,
    /// Stop a backfill.
    StopReplicationBackfill,
    /// Tag a resource.
    TagResource,
    /// Remove tags of a resource.
    UntagResource,
    /// Archive an image, or restore it.
    UpdateImageStorageClass,
    /// Change a cache rule.
    UpdatePullThroughCacheRule,
    /// Change a creation template.
    UpdateRepositoryCreationTemplate,
    /// Send bytes.
    UploadLayerPart,
    /// Try a cache rule.
    ValidatePullThroughCacheRule,
}

impl Action {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::BatchCheckLayerAvailability,
        Self::BatchDeleteImage,
        Self::BatchGetImage,
        Self::BatchGetRepositoryScanningConfiguration,
        Self::BatchImportUpstreamImage,
        Self::CompleteLayerUpload,
        Self::CreatePullThroughCacheRule,
        Self::CreateRepository,
        Self::CreateRepositoryCreationTemplate,
        Self::DeleteLifecyclePolicy,
        Self::DeletePullThroughCacheRule,
        Self::DeleteRegistryPolicy,
        Self::DeleteRepository,
        Self::DeleteRepositoryCreationTemplate,
        Self::DeleteRepositoryPolicy,
        Self::DeleteSigningConfiguration,
        Self::DeregisterPullTimeUpdateExclusion,
        Self::DescribeImageReplicationStatus,
        Self::DescribeImageScanFindings,
        Self::DescribeImageSigningStatus,
        Self::DescribeImages,
        Self::DescribePullThroughCacheRules,
        Self::DescribeRegistry,
        Self::DescribeReplicationBackfillResults,
        Self::DescribeRepositories,
        Self::DescribeRepositoryCreationTemplates,
        Self::GetAccountSetting,
        Self::GetAuthorizationToken,
        Self::GetDownloadUrlForLayer,
        Self::GetLifecyclePolicy,
        Self::GetLifecyclePolicyPreview,
        Self::GetRegistryPolicy,
        Self::GetRegistryScanningConfiguration,
        Self::GetRepositoryPolicy,
        Self::GetSigningConfiguration,
        Self::InitiateLayerUpload,
        Self::ListImages,
        Self::ListPullTimeUpdateExclusions,
        Self::ListReplicationBackfills,
        Self::ListTagsForResource,
        Self::PutAccountSetting,
        Self::PutImage,
        Self::PutImageScanningConfiguration,
        Self::PutImageTagMutability,
        Self::PutLifecyclePolicy,
        Self::PutRegistryPolicy,
        Self::PutRegistryScanningConfiguration,
        Self::PutReplicationConfiguration,
        Self::PutSigningConfiguration,
        Self::RegisterPullTimeUpdateExclusion,
        Self::ReplicateImage,
        Self::SetRepositoryPolicy,
        Self::StartImageScan,
        Self::StartLifecyclePolicyPreview,
        Self::StartReplicationBackfill,
        Self::StopReplicationBackfill,
        Self::TagResource,
        Self::UntagResource,
        Self::UpdateImageStorageClass,
        Self::UpdatePullThroughCacheRule,
        Self::UpdateRepositoryCreationTemplate,
        Self::UploadLayerPart,
        Self::ValidatePullThroughCacheRule,
    ];

    /// As IAM spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BatchCheckLayerAvailability => "ecr:BatchCheckLayerAvailability",
            Self::BatchDeleteImage => "ecr:BatchDeleteImage",
            Self::BatchGetImage => "ecr:BatchGetImage",
            Self::BatchGetRepositoryScanningConfiguration => "ecr:BatchGetRepositoryScanningConfiguration",
            Self::BatchImportUpstreamImage => "ecr:BatchImportUpstreamImage",
            Self::CompleteLayerUpload => "ecr:CompleteLayerUpload",
            Self::CreatePullThroughCacheRule => "ecr:CreatePullThroughCacheRule",
            Self::CreateRepository => "ecr:CreateRepository",
            Self::CreateRepositoryCreationTemplate => "ecr:CreateRepositoryCreationTemplate",
            Self::DeleteLifecyclePolicy => "ecr:DeleteLifecyclePolicy",
            Self::DeletePullThroughCacheRule => "ecr:DeletePullThroughCacheRule",
            Self::DeleteRegistryPolicy => "ecr:DeleteRegistryPolicy",
            Self::DeleteRepository => "ecr:DeleteRepository",
            Self::DeleteRepositoryCreationTemplate => "ecr:DeleteRepositoryCreationTemplate",
            Self::DeleteRepositoryPolicy => "ecr:DeleteRepositoryPolicy",
            Self::DeleteSigningConfiguration => "ecr:DeleteSigningConfiguration",
            Self::DeregisterPullTimeUpdateExclusion => "ecr:DeregisterPullTimeUpdateExclusion",
            Self::DescribeImageReplicationStatus => "ecr:DescribeImageReplicationStatus",
            Self::DescribeImageScanFindings => "ecr:DescribeImageScanFindings",
            Self::DescribeImageSigningStatus => "ecr:DescribeImageSigningStatus",
            Self::DescribeImages => "ecr:DescribeImages",
            Self::DescribePullThroughCacheRules => "ecr:DescribePullThroughCacheRules",
            Self::DescribeRegistry => "ecr:DescribeRegistry",
            Self::DescribeReplicationBackfillResults => "ecr:DescribeReplicationBackfillResults",
            Self::DescribeRepositories => "ecr:DescribeRepositories",
            Self::DescribeRepositoryCreationTemplates => "ecr:DescribeRepositoryCreationTemplates",
            Self::GetAccountSetting => "ecr:GetAccountSetting",
            Self::GetAuthorizationToken => "ecr:GetAuthorizationToken",
            Self::GetDownloadUrlForLayer => "ecr:GetDownloadUrlForLayer",
            Self::GetLifecyclePolicy => "ecr:GetLifecyclePolicy",
            Self::GetLifecyclePolicyPreview => "ecr:GetLifecyclePolicyPreview",
            Self::GetRegistryPolicy => "ecr:GetRegistryPolicy",
            Self::GetRegistryScanningConfiguration => "ecr:GetRegistryScanningConfiguration",
            Self::GetRepositoryPolicy => "ecr:GetRepositoryPolicy",
            Self::GetSigningConfiguration => "ecr:GetSigningConfiguration",
            Self::InitiateLayerUpload => "ecr:InitiateLayerUpload",
            Self::ListImages => "ecr:ListImages",
            Self::ListPullTimeUpdateExclusions => "ecr:ListPullTimeUpdateExclusions",
            Self::ListReplicationBackfills => "ecr:ListReplicationBackfills",
            Self::ListTagsForResource => "ecr:ListTagsForResource",
            Self::PutAccountSetting => "ecr:PutAccountSetting",
            Self::PutImage => "ecr:PutImage",
            Self::PutImageScanningConfiguration => "ecr:PutImageScanningConfiguration",
            Self::PutImageTagMutability => "ecr:PutImageTagMutability",
            Self::PutLifecyclePolicy => "ecr:PutLifecyclePolicy",
            Self::PutRegistryPolicy => "ecr:PutRegistryPolicy",
            Self::PutRegistryScanningConfiguration => "ecr:PutRegistryScanningConfiguration",
            Self::PutReplicationConfiguration => "ecr:PutReplicationConfiguration",
            Self::PutSigningConfiguration => "ecr:PutSigningConfiguration",
            Self::RegisterPullTimeUpdateExclusion => "ecr:RegisterPullTimeUpdateExclusion",
            Self::ReplicateImage => "ecr:ReplicateImage",
            Self::SetRepositoryPolicy => "ecr:SetRepositoryPolicy",
            Self::StartImageScan => "ecr:StartImageScan",
            Self::StartLifecyclePolicyPreview => "ecr:StartLifecyclePolicyPreview",
            Self::StartReplicationBackfill => "ecr:StartReplicationBackfill",
            Self::StopReplicationBackfill => "ecr:StopReplicationBackfill",
            Self::TagResource => "ecr:TagResource",
            Self::UntagResource => "ecr:UntagResource",
            Self::UpdateImageStorageClass => "ecr:UpdateImageStorageClass",
            Self::UpdatePullThroughCacheRule => "ecr:UpdatePullThroughCacheRule",
            Self::UpdateRepositoryCreationTemplate => "ecr:UpdateRepositoryCreationTemplate",
            Self::UploadLayerPart => "ecr:UploadLayerPart",
            Self::ValidatePullThroughCacheRule => "ecr:ValidatePullThroughCacheRule",
        }
    }

    /// The action that is spelled so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name)
    }
}
