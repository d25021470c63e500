//! ECR's API by the unmodified AWS CLI and boto3: what each operation answers, how it fails, and who may call it.

mod account_settings;
mod cache_rules;
mod creation_templates;
mod lifecycle_policies;
mod lifecycle_previews;
mod pull_time_exclusions;
mod registry_policy;
mod replication;
mod scanning;
mod signing;
mod storage_class;
