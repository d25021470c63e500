//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod batch_check_layer_availability;
mod batch_delete_image;
mod batch_get_image;
mod batch_get_repository_scanning_configuration;
mod cache_rule;
mod complete_layer_upload;
mod create_pull_through_cache_rule;
mod create_repository;
mod create_repository_creation_template;
mod creation_template;
mod delete_lifecycle_policy;
mod delete_pull_through_cache_rule;
mod delete_registry_policy;
mod delete_repository;
mod delete_repository_creation_template;
mod delete_repository_policy;
mod delete_signing_configuration;
mod deregister_pull_time_update_exclusion;
mod describe_image_replication_status;
mod describe_image_scan_findings;
mod describe_image_signing_status;
mod describe_images;
mod describe_pull_through_cache_rules;
mod describe_registry;
mod describe_replication_backfill_results;
mod describe_repositories;
mod describe_repository_creation_templates;
mod get_account_setting;
mod get_authorization_token;
mod get_download_url_for_layer;
mod get_lifecycle_policy;
mod get_lifecycle_policy_preview;
mod get_registry_policy;
mod get_registry_scanning_configuration;
mod get_repository_policy;
mod get_signing_configuration;
mod initiate_layer_upload;
mod list_image_referrers;
mod list_images;
mod list_pull_time_update_exclusions;
mod list_replication_backfills;
mod list_tags_for_resource;
mod put_account_setting;
mod put_image;
mod put_image_scanning_configuration;
mod put_image_tag_mutability;
mod put_lifecycle_policy;
mod put_registry_policy;
mod put_registry_scanning_configuration;
mod put_replication_configuration;
mod put_signing_configuration;
mod register_pull_time_update_exclusion;
mod replication_backfill;
mod set_repository_policy;
mod start_image_scan;
mod start_lifecycle_policy_preview;
mod start_replication_backfill;
mod stop_replication_backfill;
mod tag_resource;
mod untag_resource;
mod update_image_storage_class;
mod update_pull_through_cache_rule;
mod update_repository_creation_template;
mod upload_layer_part;
mod validate_pull_through_cache_rule;

use app::api::Call;
use aws::Entry;

use self::batch_check_layer_availability::BatchCheckLayerAvailability;
use self::batch_delete_image::BatchDeleteImage;
use self::batch_get_image::BatchGetImage;
use self::batch_get_repository_scanning_configuration::BatchGetRepositoryScanningConfiguration;
use self::complete_layer_upload::CompleteLayerUpload;
use self::create_pull_through_cache_rule::CreatePullThroughCacheRule;
use self::create_repository::CreateRepository;
use self::create_repository_creation_template::CreateRepositoryCreationTemplate;
use self::delete_lifecycle_policy::DeleteLifecyclePolicy;
use self::delete_pull_through_cache_rule::DeletePullThroughCacheRule;
use self::delete_registry_policy::DeleteRegistryPolicy;
use self::delete_repository::DeleteRepository;
use self::delete_repository_creation_template::DeleteRepositoryCreationTemplate;
use self::delete_repository_policy::DeleteRepositoryPolicy;
use self::delete_signing_configuration::DeleteSigningConfiguration;
use self::deregister_pull_time_update_exclusion::DeregisterPullTimeUpdateExclusion;
use self::describe_image_replication_status::DescribeImageReplicationStatus;
use self::describe_image_scan_findings::DescribeImageScanFindings;
use self::describe_image_signing_status::DescribeImageSigningStatus;
use self::describe_images::DescribeImages;
use self::describe_pull_through_cache_rules::DescribePullThroughCacheRules;
use self::describe_registry::DescribeRegistry;
use self::describe_replication_backfill_results::DescribeReplicationBackfillResults;
use self::describe_repositories::DescribeRepositories;
use self::describe_repository_creation_templates::DescribeRepositoryCreationTemplates;
use self::get_account_setting::GetAccountSetting;
use self::get_authorization_token::GetAuthorizationToken;
use self::get_download_url_for_layer::GetDownloadUrlForLayer;
use self::get_lifecycle_policy::GetLifecyclePolicy;
use self::get_lifecycle_policy_preview::GetLifecyclePolicyPreview;
use self::get_registry_policy::GetRegistryPolicy;
use self::get_registry_scanning_configuration::GetRegistryScanningConfiguration;
use self::get_repository_policy::GetRepositoryPolicy;
use self::get_signing_configuration::GetSigningConfiguration;
use self::initiate_layer_upload::InitiateLayerUpload;
use self::list_image_referrers::ListImageReferrers;
use self::list_images::ListImages;
use self::list_pull_time_update_exclusions::ListPullTimeUpdateExclusions;
use self::list_replication_backfills::ListReplicationBackfills;
use self::list_tags_for_resource::ListTagsForResource;
use self::put_account_setting::PutAccountSetting;
use self::put_image::PutImage;
use self::put_image_scanning_configuration::PutImageScanningConfiguration;
use self::put_image_tag_mutability::PutImageTagMutability;
use self::put_lifecycle_policy::PutLifecyclePolicy;
use self::put_registry_policy::PutRegistryPolicy;
use self::put_registry_scanning_configuration::PutRegistryScanningConfiguration;
use self::put_replication_configuration::PutReplicationConfiguration;
use self::put_signing_configuration::PutSigningConfiguration;
use self::register_pull_time_update_exclusion::RegisterPullTimeUpdateExclusion;
use self::set_repository_policy::SetRepositoryPolicy;
use self::start_image_scan::StartImageScan;
use self::start_lifecycle_policy_preview::StartLifecyclePolicyPreview;
use self::start_replication_backfill::StartReplicationBackfill;
use self::stop_replication_backfill::StopReplicationBackfill;
use self::tag_resource::TagResource;
use self::untag_resource::UntagResource;
use self::update_image_storage_class::UpdateImageStorageClass;
use self::update_pull_through_cache_rule::UpdatePullThroughCacheRule;
use self::update_repository_creation_template::UpdateRepositoryCreationTemplate;
use self::upload_layer_part::UploadLayerPart;
use self::validate_pull_through_cache_rule::ValidatePullThroughCacheRule;

/// Every operation of the service. Dispatch, authorization, metrics and the tests of coverage derive from it.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<BatchCheckLayerAvailability>(),
    Entry::of::<BatchDeleteImage>(),
    Entry::of::<BatchGetImage>(),
    Entry::of::<BatchGetRepositoryScanningConfiguration>(),
    Entry::of::<CompleteLayerUpload>(),
    Entry::of::<CreatePullThroughCacheRule>(),
    Entry::of::<CreateRepository>(),
    Entry::of::<CreateRepositoryCreationTemplate>(),
    Entry::of::<DeleteLifecyclePolicy>(),
    Entry::of::<DeletePullThroughCacheRule>(),
    Entry::of::<DeleteRegistryPolicy>(),
    Entry::of::<DeleteRepository>(),
    Entry::of::<DeleteRepositoryCreationTemplate>(),
    Entry::of::<DeleteRepositoryPolicy>(),
    Entry::of::<DeleteSigningConfiguration>(),
    Entry::of::<DeregisterPullTimeUpdateExclusion>(),
    Entry::of::<DescribeImageReplicationStatus>(),
    Entry::of::<DescribeImageScanFindings>(),
    Entry::of::<DescribeImageSigningStatus>(),
    Entry::of::<DescribeImages>(),
    Entry::of::<DescribePullThroughCacheRules>(),
    Entry::of::<DescribeRegistry>(),
    Entry::of::<DescribeReplicationBackfillResults>(),
    Entry::of::<DescribeRepositories>(),
    Entry::of::<DescribeRepositoryCreationTemplates>(),
    Entry::of::<GetAccountSetting>(),
    Entry::of::<GetAuthorizationToken>(),
    Entry::of::<GetDownloadUrlForLayer>(),
    Entry::of::<GetLifecyclePolicy>(),
    Entry::of::<GetLifecyclePolicyPreview>(),
    Entry::of::<GetRegistryPolicy>(),
    Entry::of::<GetRegistryScanningConfiguration>(),
    Entry::of::<GetRepositoryPolicy>(),
    Entry::of::<GetSigningConfiguration>(),
    Entry::of::<InitiateLayerUpload>(),
    Entry::of::<ListImageReferrers>(),
    Entry::of::<ListImages>(),
    Entry::of::<ListPullTimeUpdateExclusions>(),
    Entry::of::<ListReplicationBackfills>(),
    Entry::of::<ListTagsForResource>(),
    Entry::of::<PutAccountSetting>(),
    Entry::of::<PutImage>(),
    Entry::of::<PutImageScanningConfiguration>(),
    Entry::of::<PutImageTagMutability>(),
    Entry::of::<PutLifecyclePolicy>(),
    Entry::of::<PutRegistryPolicy>(),
    Entry::of::<PutRegistryScanningConfiguration>(),
    Entry::of::<PutReplicationConfiguration>(),
    Entry::of::<PutSigningConfiguration>(),
    Entry::of::<RegisterPullTimeUpdateExclusion>(),
    Entry::of::<SetRepositoryPolicy>(),
    Entry::of::<StartImageScan>(),
    Entry::of::<StartLifecyclePolicyPreview>(),
    Entry::of::<StartReplicationBackfill>(),
    Entry::of::<StopReplicationBackfill>(),
    Entry::of::<TagResource>(),
    Entry::of::<UntagResource>(),
    Entry::of::<UpdateImageStorageClass>(),
    Entry::of::<UpdatePullThroughCacheRule>(),
    Entry::of::<UpdateRepositoryCreationTemplate>(),
    Entry::of::<UploadLayerPart>(),
    Entry::of::<ValidatePullThroughCacheRule>(),
];

#[cfg(test)]
mod tests {
    use app::Action;
    use aws::Audit;

    use super::*;

    #[test]
    fn only_what_moves_content_is_left_out_of_the_audit_log() {
        let of = |audit| {
            let mut names: Vec<_> =
                OPERATIONS.iter().filter(|entry| entry.audit == audit).map(|entry| entry.name).collect();
            names.sort_unstable();
            names
        };
        let data = [
            "BatchCheckLayerAvailability",
            "BatchGetImage",
            "CompleteLayerUpload",
            "GetDownloadUrlForLayer",
            "InitiateLayerUpload",
            "UploadLayerPart",
        ];
        assert_eq!(of(Audit::Data), data);
        assert_eq!(of(Audit::Push), ["PutImage"]);
    }

    #[test]
    fn operations_are_unique_and_their_actions_exist() {
        for (index, entry) in OPERATIONS.iter().enumerate() {
            assert!(OPERATIONS[..index].iter().all(|earlier| earlier.name != entry.name), "{}", entry.name);
            assert!(Action::named(entry.action).is_some(), "{} has the action {}", entry.name, entry.action);
        }
    }
}
