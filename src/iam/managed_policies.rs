//! Managed policies: those that accounts make, with their versions, and those that come with the program.

use std::collections::HashMap;

use app::api::Call;
use app::built_in_policies::{self, BuiltInPolicy};
use app::{Grant, bootstrap};
use store::policies::{self, PolicyRow, Used};
use store::policy_versions::{self, PolicyVersionRow};
use store::{Conn, iam_tags, policy_attachments};
use types::{AccountId, Arn, Timestamp};

use crate::change::change;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::tags::Tag;
use crate::{documents, failures, tags};

/// How many policies an account may make.
pub(crate) const POLICIES_QUOTA: u64 = 1500;

/// How many versions a policy may have.
pub(crate) const VERSIONS_QUOTA: usize = 5;

/// A managed policy as answers show it.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) arn: String,
    pub(crate) policy_id: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) description: Option<String>,
    pub(crate) default_version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// How many users, groups and roles have it.
    pub(crate) attachments: u64,
    /// How many users and roles it limits.
    pub(crate) boundaries: u64,
}

impl From<PolicyRow> for Policy {
    fn from(row: PolicyRow) -> Self {
        Self {
            arn: row.arn,
            policy_id: row.policy_id,
            name: row.name,
            path: row.path,
            description: row.description,
            default_version: row.default_version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            attachments: 0,
            boundaries: 0,
        }
    }
}

impl From<&BuiltInPolicy> for Policy {
    fn from(policy: &BuiltInPolicy) -> Self {
        Self {
            arn: policy.arn().to_string(),
            policy_id: policy.policy_id.to_owned(),
            name: policy.name.to_owned(),
            path: "/".to_owned(),
            description: Some(policy.description.to_owned()),
            default_version: 1,
            created_at: policy.created_at(),
            updated_at: policy.created_at(),
            attachments: 0,
            boundaries: 0,
        }
    }
}

/// A policy that is to be made.
#[derive(Debug)]
pub(crate) struct New {
    /// Its name.
    pub(crate) name: String,
    /// Its path.
    pub(crate) path: String,
    /// The document of its first version.
    pub(crate) document: String,
    /// What is said of it.
    pub(crate) description: Option<String>,
    /// Its tags.
    pub(crate) tags: Vec<Tag>,
}

/// Makes a policy.
pub(crate) async fn create(call: &Call, grant: &Grant, new: New) -> Result<Policy, Error> {
    let arn = Arn::policy(call.account(), &new.path, &new.name);
    grant.require_on("iam:CreatePolicy", arn.as_str())?;
    check_document(&new.document)?;
    let now = call.ctx.app.now();
    let row = PolicyRow {
        arn: arn.to_string(),
        policy_id: bootstrap::unique_id("ANPA")?,
        account: call.account().clone(),
        name: new.name,
        path: new.path,
        description: new.description,
        default_version: 1,
        latest_version: 1,
        created_at: now,
        updated_at: now,
    };
    let version = PolicyVersionRow { policy_arn: row.arn.clone(), version: 1, document: new.document, created_at: now };
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if policies::count(conn, &row.account).await? >= POLICIES_QUOTA {
                return Err(failures::quota("PoliciesPerAccount", POLICIES_QUOTA));
            }
            if !policies::insert(conn, &row).await? {
                return Err(failures::policy_exists(&row.name));
            }
            policy_versions::insert(conn, &version).await?;
            tags::insert(conn, &row.policy_id, &new.tags).await?;
            Ok(row.into())
        })
    })
    .await
}

fn check_document(document: &str) -> Result<(), Error> {
    documents::check_policy(document)?;
    if documents::size(document) > documents::MANAGED_POLICY_SIZE {
        return Err(failures::quota("PolicySize", documents::MANAGED_POLICY_SIZE as u64));
    }
    Ok(())
}

/// Whether an account has a policy, or every account.
pub(crate) async fn exists(conn: &mut Conn, account: &AccountId, arn: &str) -> Result<bool, Error> {
    Ok(built_in_policies::find(arn).is_some()
        || policies::find(conn, arn).await?.is_some_and(|policy| policy.account == *account))
}

/// A policy that the account made.
pub(crate) async fn find_own(conn: &mut Conn, account: &AccountId, arn: &str) -> Result<PolicyRow, Error> {
    if built_in_policies::find(arn).is_some() {
        return Err(failures::built_in(arn));
    }
    find_in(conn, account, arn).await?.ok_or_else(|| failures::no_such_policy(arn))
}

async fn find_in(conn: &mut Conn, account: &AccountId, arn: &str) -> Result<Option<PolicyRow>, Error> {
    Ok(policies::find(conn, arn).await?.filter(|row| row.account == *account))
}

/// A policy with its tags and how often it is used.
pub(crate) async fn get(call: &Call, grant: &Grant, arn: &str) -> Result<(Policy, Vec<Tag>), Error> {
    grant.require_on("iam:GetPolicy", arn)?;
    let mut conn = call.ctx.app.db().reader().await?;
    let (policy, tags) = match built_in_policies::find(arn) {
        Some(policy) => (policy.into(), Vec::new()),
        None => {
            let row = find_own(&mut conn, call.account(), arn).await?;
            let tags = tags::of(&mut conn, &row.policy_id).await?;
            (row.into(), tags)
        }
    };
    let mut counted = [policy];
    count_uses(&mut conn, call.account(), &mut counted).await?;
    let [policy] = counted;
    Ok((policy, tags))
}

/// Which policies a list is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter<'a> {
    /// Those that the account made.
    pub(crate) own: bool,
    /// Those that come with the program.
    pub(crate) built_in: bool,
    /// How they are used.
    pub(crate) used: Used,
    /// Their path begins so.
    pub(crate) path_prefix: &'a str,
}

/// Policies: first those of the account, then those that come with the program, each by name.
pub(crate) async fn list(
    call: &Call,
    grant: &Grant,
    filter: Filter<'_>,
    paging: Paging,
) -> Result<Page<Policy>, Error> {
    grant.require("iam:ListPolicies")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let found = list_after(&mut conn, call.account(), filter, &paging.after, paging.wanted()).await?;
    let keyed: Vec<(String, Policy)> = found.into_iter().map(|policy| (key(&policy), policy)).collect();
    let Page { items, is_truncated, marker } = paging.page(call, keyed, |(key, _)| key)?;
    Ok(Page { items: items.into_iter().map(|(_, policy)| policy).collect(), is_truncated, marker })
}

/// What lists of policies are sorted by.
pub(crate) fn key(policy: &Policy) -> String {
    let group = if built_in_policies::find(&policy.arn).is_some() { '1' } else { '0' };
    format!("{group}{}", policy.name)
}

/// Policies after a [`key`], with the numbers of their uses.
pub(crate) async fn list_after(
    conn: &mut Conn,
    account: &AccountId,
    filter: Filter<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<Policy>, Error> {
    let mut found: Vec<Policy> = Vec::new();
    if filter.own && !after.starts_with('1') {
        let after = after.strip_prefix('0').unwrap_or_default();
        let rows = policies::list_page(conn, account, filter.path_prefix, filter.used, after, limit).await?;
        found.extend(rows.into_iter().map(Policy::from));
    }
    if filter.built_in && "/".starts_with(filter.path_prefix) && found.len() < limit {
        let after = after.strip_prefix('1').unwrap_or_default();
        let mut built_in: Vec<Policy> =
            built_in_policies::ALL.iter().filter(|policy| policy.name > after).map(Policy::from).collect();
        count_uses(conn, account, &mut built_in).await?;
        built_in.retain(|policy| match filter.used {
            Used::Anyhow => true,
            Used::Attached => policy.attachments > 0,
            Used::AsBoundary => policy.boundaries > 0,
        });
        found.extend(built_in);
        found.truncate(limit);
    }
    count_uses(conn, account, &mut found).await?;
    Ok(found)
}

/// Fills in how often policies are used in an account.
pub(crate) async fn count_uses(conn: &mut Conn, account: &AccountId, policies: &mut [Policy]) -> Result<(), Error> {
    let arns: Vec<&str> = policies.iter().map(|policy| policy.arn.as_str()).collect();
    let uses = policy_attachments::list_uses(conn, account, &arns).await?;
    let uses: HashMap<String, (u64, u64)> =
        uses.into_iter().map(|(arn, attachments, boundaries)| (arn, (attachments, boundaries))).collect();
    for policy in policies {
        (policy.attachments, policy.boundaries) = uses.get(&policy.arn).copied().unwrap_or_default();
    }
    Ok(())
}

/// Removes a policy that nobody uses, with its only version.
pub(crate) async fn delete(call: &Call, grant: &Grant, arn: String) -> Result<(), Error> {
    grant.require_on("iam:DeletePolicy", &arn)?;
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let row = find_own(conn, &account, &arn).await?;
            let uses = policy_attachments::list_uses(conn, &account, &[&arn]).await?;
            if uses.iter().any(|(_, attachments, boundaries)| attachments + boundaries > 0) {
                return Err(failures::policy_is_used());
            }
            if policy_versions::list_of(conn, &[&arn]).await?.len() > 1 {
                return Err(failures::policy_has_versions());
            }
            policy_versions::delete(conn, &arn, row.default_version).await?;
            iam_tags::delete_of(conn, &row.policy_id).await?;
            policies::delete(conn, &arn).await?;
            Ok(())
        })
    })
    .await
}

/// Tags of a policy that the account made: sets some.
pub(crate) async fn tag(call: &Call, grant: &Grant, arn: String, tags: Vec<Tag>) -> Result<(), Error> {
    grant.require_on("iam:TagPolicy", &arn)?;
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let row = find_own(conn, &account, &arn).await?;
            tags::set(conn, &row.policy_id, &tags).await
        })
    })
    .await
}

/// Tags of a policy that the account made: removes some.
pub(crate) async fn untag(call: &Call, grant: &Grant, arn: String, keys: Vec<String>) -> Result<(), Error> {
    grant.require_on("iam:UntagPolicy", &arn)?;
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let row = find_own(conn, &account, &arn).await?;
            tags::remove(conn, &row.policy_id, &keys).await
        })
    })
    .await
}

/// What the tags of a policy are kept under. A policy that comes with the program has none.
pub(crate) async fn tagged_id(call: &Call, grant: &Grant, arn: &str) -> Result<String, Error> {
    grant.require_on("iam:ListPolicyTags", arn)?;
    if let Some(policy) = built_in_policies::find(arn) {
        return Ok(policy.policy_id.to_owned());
    }
    let mut conn = call.ctx.app.db().reader().await?;
    Ok(find_own(&mut conn, call.account(), arn).await?.policy_id)
}

/// A version of a policy as answers show it.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) version: i64,
    pub(crate) document: String,
    pub(crate) is_default: bool,
    pub(crate) created_at: Timestamp,
}

impl Version {
    pub(crate) fn new(row: PolicyVersionRow, default_version: i64) -> Self {
        Self {
            version: row.version,
            document: row.document,
            is_default: row.version == default_version,
            created_at: row.created_at,
        }
    }
}

impl From<&BuiltInPolicy> for Version {
    fn from(policy: &BuiltInPolicy) -> Self {
        Self { version: 1, document: policy.document.to_owned(), is_default: true, created_at: policy.created_at() }
    }
}

/// Reads `v<number>`.
pub(crate) fn parse_version(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('v')?;
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| whole)
}

/// Adds a version.
pub(crate) async fn create_version(
    call: &Call,
    grant: &Grant,
    arn: String,
    document: String,
    set_as_default: bool,
) -> Result<Version, Error> {
    grant.require_on("iam:CreatePolicyVersion", &arn)?;
    check_document(&document)?;
    let (account, now) = (call.account().clone(), call.ctx.app.now());
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let row = find_own(conn, &account, &arn).await?;
            if policy_versions::list_of(conn, &[&arn]).await?.len() >= VERSIONS_QUOTA {
                return Err(failures::too_many_versions());
            }
            let number = row.latest_version + 1;
            let default = if set_as_default { number } else { row.default_version };
            let version = PolicyVersionRow { policy_arn: arn.clone(), version: number, document, created_at: now };
            policy_versions::insert(conn, &version).await?;
            policies::update_versions(conn, &arn, default, number, now).await?;
            Ok(Version::new(version, default))
        })
    })
    .await
}

/// One version of a policy.
pub(crate) async fn get_version(call: &Call, grant: &Grant, arn: &str, version: &str) -> Result<Version, Error> {
    grant.require_on("iam:GetPolicyVersion", arn)?;
    let missing = || failures::no_such_version(arn, version);
    let number = parse_version(version).ok_or_else(missing)?;
    if let Some(policy) = built_in_policies::find(arn) {
        return if number == 1 { Ok(policy.into()) } else { Err(missing()) };
    }
    let mut conn = call.ctx.app.db().reader().await?;
    // Of a policy that is not there, IAM says that the version is not.
    let row = find_in(&mut conn, call.account(), arn).await?.ok_or_else(missing)?;
    let found = policy_versions::find(&mut conn, arn, number).await?.ok_or_else(missing)?;
    Ok(Version::new(found, row.default_version))
}

/// The versions of a policy, the newest first.
pub(crate) async fn list_versions(
    call: &Call,
    grant: &Grant,
    arn: &str,
    paging: Paging,
) -> Result<Page<Version>, Error> {
    grant.require_on("iam:ListPolicyVersions", arn)?;
    let mut versions: Vec<Version> = match built_in_policies::find(arn) {
        Some(policy) => vec![policy.into()],
        None => {
            let mut conn = call.ctx.app.db().reader().await?;
            let row = find_own(&mut conn, call.account(), arn).await?;
            let rows = policy_versions::list_of(&mut conn, &[arn]).await?;
            rows.into_iter().map(|version| Version::new(version, row.default_version)).collect()
        }
    };
    if let Ok(after) = paging.after.parse::<i64>() {
        versions.retain(|version| version.version < after);
    }
    let keyed: Vec<(String, Version)> =
        versions.into_iter().map(|version| (version.version.to_string(), version)).collect();
    let Page { items, is_truncated, marker } = paging.page(call, keyed, |(key, _)| key)?;
    Ok(Page { items: items.into_iter().map(|(_, version)| version).collect(), is_truncated, marker })
}

/// Puts a version in force.
pub(crate) async fn set_default(call: &Call, grant: &Grant, arn: String, version: String) -> Result<(), Error> {
    grant.require_on("iam:SetDefaultPolicyVersion", &arn)?;
    let (account, now) = (call.account().clone(), call.ctx.app.now());
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if built_in_policies::find(&arn).is_some() {
                return Err(failures::built_in(&arn));
            }
            let missing = || failures::no_such_version(&arn, &version);
            let row = find_in(conn, &account, &arn).await?.ok_or_else(missing)?;
            let number = existing_version(conn, &arn, &version).await?;
            policies::update_versions(conn, &arn, number, row.latest_version, now).await?;
            Ok(())
        })
    })
    .await
}

/// Removes a version that is not in force.
pub(crate) async fn delete_version(call: &Call, grant: &Grant, arn: String, version: String) -> Result<(), Error> {
    grant.require_on("iam:DeletePolicyVersion", &arn)?;
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let row = find_own(conn, &account, &arn).await?;
            let number = existing_version(conn, &arn, &version).await?;
            if number == row.default_version {
                return Err(failures::version_is_default());
            }
            policy_versions::delete(conn, &arn, number).await?;
            Ok(())
        })
    })
    .await
}

async fn existing_version(conn: &mut Conn, arn: &str, version: &str) -> Result<i64, Error> {
    let missing = || failures::no_such_version(arn, version);
    let number = parse_version(version).ok_or_else(missing)?;
    policy_versions::find(conn, arn, number).await?.ok_or_else(missing)?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_exactly() {
        assert_eq!(parse_version("v1"), Some(1));
        assert_eq!(parse_version("v120"), Some(120));
        for text in ["", "v", "1", "v0", "v01", "v-1", "v1x", "V1", "v99999999999999999999"] {
            assert_eq!(parse_version(text), None, "{text}");
        }
    }
}
