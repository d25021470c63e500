//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod batch_get_repository_scanning_configuration;
mod cache_rule;
mod create_pull_through_cache_rule;
mod create_repository_creation_template;
mod creation_template;
mod delete_lifecycle_policy;
mod delete_pull_through_cache_rule;
mod delete_registry_policy;
mod delete_repository_creation_template;
mod delete_signing_configuration;
mod deregister_pull_time_update_exclusion;
mod describe_image_replication_status;
mod describe_image_scan_findings;
mod describe_image_signing_status;
mod describe_pull_through_cache_rules;
mod describe_registry;
mod describe_replication_backfill_results;
mod describe_repository_creation_templates;
mod get_account_setting;
mod get_authorization_token;
mod get_lifecycle_policy;
mod get_lifecycle_policy_preview;
mod get_registry_policy;
mod get_registry_scanning_configuration;
mod get_signing_configuration;
mod image_identifier;
mod list_pull_time_update_exclusions;
mod list_replication_backfills;
mod put_account_setting;
mod put_lifecycle_policy;
mod put_registry_policy;
mod put_registry_scanning_configuration;
mod put_replication_configuration;
mod put_signing_configuration;
mod register_pull_time_update_exclusion;
mod start_image_scan;
mod start_lifecycle_policy_preview;
mod start_replication_backfill;
mod stop_replication_backfill;
mod update_image_storage_class;
mod update_pull_through_cache_rule;
mod update_repository_creation_template;
mod validate_pull_through_cache_rule;

use app::api::Call;
use aws::Entry;

use self::batch_get_repository_scanning_configuration::BatchGetRepositoryScanningConfiguration;
use self::create_pull_through_cache_rule::CreatePullThroughCacheRule;
use self::create_repository_creation_template::CreateRepositoryCreationTemplate;
use self::delete_lifecycle_policy::DeleteLifecyclePolicy;
use self::delete_pull_through_cache_rule::DeletePullThroughCacheRule;
use self::delete_registry_policy::DeleteRegistryPolicy;
use self::delete_repository_creation_template::DeleteRepositoryCreationTemplate;
use self::delete_signing_configuration::DeleteSigningConfiguration;
use self::deregister_pull_time_update_exclusion::DeregisterPullTimeUpdateExclusion;
use self::describe_image_replication_status::DescribeImageReplicationStatus;
use self::describe_image_scan_findings::DescribeImageScanFindings;
use self::describe_image_signing_status::DescribeImageSigningStatus;
use self::describe_pull_through_cache_rules::DescribePullThroughCacheRules;
use self::describe_registry::DescribeRegistry;
use self::describe_replication_backfill_results::DescribeReplicationBackfillResults;
use self::describe_repository_creation_templates::DescribeRepositoryCreationTemplates;
use self::get_account_setting::GetAccountSetting;
use self::get_authorization_token::GetAuthorizationToken;
use self::get_lifecycle_policy::GetLifecyclePolicy;
use self::get_lifecycle_policy_preview::GetLifecyclePolicyPreview;
use self::get_registry_policy::GetRegistryPolicy;
use self::get_registry_scanning_configuration::GetRegistryScanningConfiguration;
use self::get_signing_configuration::GetSigningConfiguration;
use self::list_pull_time_update_exclusions::ListPullTimeUpdateExclusions;
use self::list_replication_backfills::ListReplicationBackfills;
use self::put_account_setting::PutAccountSetting;
use self::put_lifecycle_policy::PutLifecyclePolicy;
use self::put_registry_policy::PutRegistryPolicy;
use self::put_registry_scanning_configuration::PutRegistryScanningConfiguration;
use self::put_replication_configuration::PutReplicationConfiguration;
use self::put_signing_configuration::PutSigningConfiguration;
use self::register_pull_time_update_exclusion::RegisterPullTimeUpdateExclusion;
use self::start_image_scan::StartImageScan;
use self::start_lifecycle_policy_preview::StartLifecyclePolicyPreview;
use self::start_replication_backfill::StartReplicationBackfill;
use self::stop_replication_backfill::StopReplicationBackfill;
use self::update_image_storage_class::UpdateImageStorageClass;
use self::update_pull_through_cache_rule::UpdatePullThroughCacheRule;
use self::update_repository_creation_template::UpdateRepositoryCreationTemplate;
use self::validate_pull_through_cache_rule::ValidatePullThroughCacheRule;

/// Every operation of the service. Dispatch, authorization, metrics and the tests of coverage derive from it.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<BatchGetRepositoryScanningConfiguration>(),
    Entry::of::<CreatePullThroughCacheRule>(),
    Entry::of::<CreateRepositoryCreationTemplate>(),
    Entry::of::<DeleteLifecyclePolicy>(),
    Entry::of::<DeletePullThroughCacheRule>(),
    Entry::of::<DeleteRegistryPolicy>(),
    Entry::of::<DeleteRepositoryCreationTemplate>(),
    Entry::of::<DeleteSigningConfiguration>(),
    Entry::of::<DeregisterPullTimeUpdateExclusion>(),
    Entry::of::<DescribeImageReplicationStatus>(),
    Entry::of::<DescribeImageScanFindings>(),
    Entry::of::<DescribeImageSigningStatus>(),
    Entry::of::<DescribePullThroughCacheRules>(),
    Entry::of::<DescribeRegistry>(),
    Entry::of::<DescribeReplicationBackfillResults>(),
    Entry::of::<DescribeRepositoryCreationTemplates>(),
    Entry::of::<GetAccountSetting>(),
    Entry::of::<GetAuthorizationToken>(),
    Entry::of::<GetLifecyclePolicy>(),
    Entry::of::<GetLifecyclePolicyPreview>(),
    Entry::of::<GetRegistryPolicy>(),
    Entry::of::<GetRegistryScanningConfiguration>(),
    Entry::of::<GetSigningConfiguration>(),
    Entry::of::<ListPullTimeUpdateExclusions>(),
    Entry::of::<ListReplicationBackfills>(),
    Entry::of::<PutAccountSetting>(),
    Entry::of::<PutLifecyclePolicy>(),
    Entry::of::<PutRegistryPolicy>(),
    Entry::of::<PutRegistryScanningConfiguration>(),
    Entry::of::<PutReplicationConfiguration>(),
    Entry::of::<PutSigningConfiguration>(),
    Entry::of::<RegisterPullTimeUpdateExclusion>(),
    Entry::of::<StartImageScan>(),
    Entry::of::<StartLifecyclePolicyPreview>(),
    Entry::of::<StartReplicationBackfill>(),
    Entry::of::<StopReplicationBackfill>(),
    Entry::of::<UpdateImageStorageClass>(),
    Entry::of::<UpdatePullThroughCacheRule>(),
    Entry::of::<UpdateRepositoryCreationTemplate>(),
    Entry::of::<ValidatePullThroughCacheRule>(),
];

#[cfg(test)]
mod tests {
    use app::Action;

    use super::*;

    #[test]
    fn operations_are_unique_and_their_actions_exist() {
        for (index, entry) in OPERATIONS.iter().enumerate() {
            assert!(OPERATIONS[..index].iter().all(|earlier| earlier.name != entry.name), "{}", entry.name);
            assert!(Action::named(entry.action).is_some(), "{} has the action {}", entry.name, entry.action);
        }
    }
}
