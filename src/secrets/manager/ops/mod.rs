//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod batch_get_secret_value;
mod create_secret;
mod delete_secret;
mod describe_secret;
mod get_random_password;
mod get_resource_policy;
mod get_secret_value;
mod list_secret_version_ids;
mod list_secrets;
mod put_secret_value;
mod restore_secret;
mod tag_resource;
mod untag_resource;
mod update_secret;
mod update_secret_version_stage;

use app::api::Call;
use aws::Entry;

use self::batch_get_secret_value::BatchGetSecretValue;
use self::create_secret::CreateSecret;
use self::delete_secret::DeleteSecret;
use self::describe_secret::DescribeSecret;
use self::get_random_password::GetRandomPassword;
use self::get_resource_policy::GetResourcePolicy;
use self::get_secret_value::GetSecretValue;
use self::list_secret_version_ids::ListSecretVersionIds;
use self::list_secrets::ListSecrets;
use self::put_secret_value::PutSecretValue;
use self::restore_secret::RestoreSecret;
use self::tag_resource::TagResource;
use self::untag_resource::UntagResource;
use self::update_secret::UpdateSecret;
use self::update_secret_version_stage::UpdateSecretVersionStage;

/// Every operation of Secrets Manager that exists here. Others of it are unknown.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<BatchGetSecretValue>(),
    Entry::of::<CreateSecret>(),
    Entry::of::<DeleteSecret>(),
    Entry::of::<DescribeSecret>(),
    Entry::of::<GetRandomPassword>(),
    Entry::of::<GetResourcePolicy>(),
    Entry::of::<GetSecretValue>(),
    Entry::of::<ListSecretVersionIds>(),
    Entry::of::<ListSecrets>(),
    Entry::of::<PutSecretValue>(),
    Entry::of::<RestoreSecret>(),
    Entry::of::<TagResource>(),
    Entry::of::<UntagResource>(),
    Entry::of::<UpdateSecret>(),
    Entry::of::<UpdateSecretVersionStage>(),
];
