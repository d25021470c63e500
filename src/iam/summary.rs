//! How much of everything an account has, and may have.

use std::collections::BTreeMap;

use app::api::Call;
use app::{EntityKind, Grant};
use store::{access_keys, groups, open_id_connect_providers, policies, policy_versions, roles, users};

use crate::access_keys::ACCESS_KEYS_QUOTA;
use crate::attachments::ATTACHMENTS_QUOTA;
use crate::documents;
use crate::error::Error;
use crate::groups::{GROUPS_PER_USER_QUOTA, GROUPS_QUOTA};
use crate::managed_policies::{POLICIES_QUOTA, VERSIONS_QUOTA};
use crate::roles::ROLES_QUOTA;
use crate::users::USERS_QUOTA;

/// The entries of `GetAccountSummary`. What Wharf does not have (certificates, instance profiles, devices) counts none.
pub(crate) async fn get(call: &Call, grant: &Grant) -> Result<BTreeMap<&'static str, u64>, Error> {
    grant.require("iam:GetAccountSummary")?;
    let account = call.account();
    let mut conn = call.ctx.app.db().reader().await?;
    let conn = &mut conn;
    let inline = |kind| documents::inline_policies_size(kind) as u64;
    Ok(BTreeMap::from([
        ("AccessKeysPerUserQuota", ACCESS_KEYS_QUOTA),
        ("AccountAccessKeysPresent", u64::from(!access_keys::list_of_root(conn, account).await?.is_empty())),
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AccountSigningCertificatesPresent", 0),
        ("AssumeRolePolicySizeQuota", documents::TRUST_POLICY_SIZE as u64),
        ("AttachedPoliciesPerGroupQuota", ATTACHMENTS_QUOTA),
        ("AttachedPoliciesPerRoleQuota", ATTACHMENTS_QUOTA),
        ("AttachedPoliciesPerUserQuota", ATTACHMENTS_QUOTA),
        ("GlobalEndpointTokenVersion", 1),
        ("GroupPolicySizeQuota", inline(EntityKind::Group)),
        ("Groups", groups::count(conn, account).await?),
        ("GroupsPerUserQuota", GROUPS_PER_USER_QUOTA),
        ("GroupsQuota", GROUPS_QUOTA),
        ("InstanceProfiles", 0),
        ("InstanceProfilesQuota", 0),
        ("MFADevices", 0),
        ("MFADevicesInUse", 0),
        ("Policies", policies::count(conn, account).await?),
        ("PoliciesQuota", POLICIES_QUOTA),
        ("PolicySizeQuota", documents::MANAGED_POLICY_SIZE as u64),
        ("PolicyVersionsInUse", policy_versions::count(conn, account).await?),
        ("PolicyVersionsInUseQuota", POLICIES_QUOTA * VERSIONS_QUOTA as u64),
        ("Providers", open_id_connect_providers::count(conn, account).await?),
        ("RolePolicySizeQuota", inline(EntityKind::Role)),
        ("Roles", roles::count(conn, account).await?),
        ("RolesQuota", ROLES_QUOTA),
        ("ServerCertificates", 0),
        ("ServerCertificatesQuota", 0),
        ("SigningCertificatesPerUserQuota", 0),
        ("UserPolicySizeQuota", inline(EntityKind::User)),
        ("Users", users::count(conn, account).await?),
        ("UsersQuota", USERS_QUOTA),
        ("VersionsPerPolicyQuota", VERSIONS_QUOTA as u64),
    ]))
}
