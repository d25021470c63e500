//! Which managed policies users, groups and roles have, seen from both sides.

use app::EntityKind;
use app::api::Call;
use store::policies::Used;
use store::{Conn, groups, policy_attachments, roles, users};
use types::AccountId;

use crate::change::change;
use crate::entities::{self, Found};
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::{failures, managed_policies, policy_arns};

/// How many managed policies a user, group or role may have.
pub(crate) const ATTACHMENTS_QUOTA: u64 = 10;

fn quota_name(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::User => "PoliciesPerUser",
        EntityKind::Group => "PoliciesPerGroup",
        EntityKind::Role => "PoliciesPerRole",
    }
}

/// Attaches a policy; one that is attached already stays so.
pub(crate) async fn attach(call: &Call, owner: Found, arn: String) -> Result<(), Error> {
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if !managed_policies::exists(conn, &account, &arn).await? {
                return Err(failures::not_attachable(&arn));
            }
            entities::check_exists(conn, &account, &owner).await?;
            let before = policy_attachments::count(conn, &owner.id).await?;
            if policy_attachments::insert(conn, &account, &owner.id, &arn).await? && before >= ATTACHMENTS_QUOTA {
                return Err(failures::quota(quota_name(owner.kind), ATTACHMENTS_QUOTA));
            }
            Ok(())
        })
    })
    .await
}

/// Detaches a policy.
pub(crate) async fn detach(call: &Call, owner: Found, arn: String) -> Result<(), Error> {
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if !policy_attachments::delete(conn, &owner.id, &arn).await? {
                return Err(failures::not_attached(&arn));
            }
            Ok(())
        })
    })
    .await
}

/// The ARNs of the policies that a user, group or role has, by name, those whose path begins so.
pub(crate) async fn list(call: &Call, owner: &Found, path_prefix: &str, paging: Paging) -> Result<Page<String>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let rows = policy_attachments::list_of(&mut conn, &[&owner.id]).await?;
    let mut arns: Vec<String> = rows.into_iter().map(|row| row.policy_arn).collect();
    arns.retain(|arn| policy_arns::path(arn).starts_with(path_prefix) && key(arn) > paging.after);
    arns.sort_by_key(|arn| key(arn));
    let keyed: Vec<(String, String)> = arns.into_iter().map(|arn| (key(&arn), arn)).collect();
    let Page { items, is_truncated, marker } = paging.page(call, keyed, |(key, _)| key)?;
    Ok(Page { items: items.into_iter().map(|(_, arn)| arn).collect(), is_truncated, marker })
}

/// The name, and something that tells a policy of the account from one that comes with the program.
fn key(arn: &str) -> String {
    let origin = if arn.starts_with("arn:aws:iam::aws:") { '1' } else { '0' };
    format!("{} {origin}", policy_arns::name(arn))
}

/// Somebody who uses a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) kind: EntityKind,
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Who is listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter<'a> {
    /// Only these; all if nothing is said.
    pub(crate) kind: Option<EntityKind>,
    /// Who has the policy, or whom it limits; both for [`Used::Anyhow`].
    pub(crate) used: Used,
    /// Whose path begins so.
    pub(crate) path_prefix: &'a str,
}

/// Who uses a policy: groups, then users, then roles, each by name.
pub(crate) async fn list_users(
    call: &Call,
    arn: &str,
    filter: Filter<'_>,
    paging: Paging,
) -> Result<Page<User>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    if !managed_policies::exists(&mut conn, call.account(), arn).await? {
        return Err(failures::not_attachable(arn));
    }
    let mut found: Vec<(String, User)> = Vec::new();
    for (initial, kind) in [("g", EntityKind::Group), ("u", EntityKind::User), ("v", EntityKind::Role)] {
        let wanted = paging.wanted() - found.len();
        if wanted == 0 || filter.kind.is_some_and(|only| only != kind) || paging.after.get(..1) > Some(initial) {
            continue;
        }
        let after = paging.after.strip_prefix(initial).unwrap_or_default();
        let place = Place { account: call.account(), arn, path_prefix: filter.path_prefix, after, limit: wanted };
        let users = list_kind(&mut conn, kind, filter.used, place).await?;
        found.extend(users.into_iter().map(|user| (format!("{initial}{}", user.name), user)));
    }
    let Page { items, is_truncated, marker } = paging.page(call, found, |(key, _)| key)?;
    Ok(Page { items: items.into_iter().map(|(_, user)| user).collect(), is_truncated, marker })
}

#[derive(Clone, Copy)]
struct Place<'a> {
    account: &'a AccountId,
    arn: &'a str,
    path_prefix: &'a str,
    after: &'a str,
    limit: usize,
}

/// Users of one kind. Somebody who has the policy and is limited by it is listed once.
async fn list_kind(conn: &mut Conn, kind: EntityKind, used: Used, place: Place<'_>) -> Result<Vec<User>, Error> {
    let Place { account, arn, path_prefix, after, limit } = place;
    let mut found = Vec::new();
    let mut add = |id: String, name: String| found.push(User { kind, id, name });
    if used != Used::AsBoundary {
        match kind {
            EntityKind::Group => {
                let rows = groups::list_attached(conn, account, arn, path_prefix, after, limit).await?;
                rows.into_iter().for_each(|row| add(row.group_id, row.name));
            }
            EntityKind::User => {
                let rows = users::list_attached(conn, account, arn, path_prefix, after, limit).await?;
                rows.into_iter().for_each(|row| add(row.user_id, row.name));
            }
            EntityKind::Role => {
                let rows = roles::list_attached(conn, account, arn, path_prefix, after, limit).await?;
                rows.into_iter().for_each(|row| add(row.role_id, row.name));
            }
        }
    }
    if used != Used::Attached {
        match kind {
            EntityKind::Group => {}
            EntityKind::User => {
                let rows = users::list_limited(conn, account, arn, path_prefix, after, limit).await?;
                rows.into_iter().for_each(|row| add(row.user_id, row.name));
            }
            EntityKind::Role => {
                let rows = roles::list_limited(conn, account, arn, path_prefix, after, limit).await?;
                rows.into_iter().for_each(|row| add(row.role_id, row.name));
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup();
    found.truncate(limit);
    Ok(found)
}
