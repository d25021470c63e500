//! Groups and who is in them.

use app::api::Call;
use app::{EntityKind, Grant, bootstrap};
use aws::Operation;
use store::groups::GroupRow;
use store::users::UserRow;
use store::{group_members, groups, inline_policies, policy_attachments, users};

use crate::change::change;
use crate::entities::{self, Found};
use crate::error::Error;
use crate::failures;
use crate::paging::{Page, Paging};

/// How many groups an account may have.
pub(crate) const GROUPS_QUOTA: u64 = 300;

/// In how many groups a user may be.
pub(crate) const GROUPS_PER_USER_QUOTA: u64 = 10;

/// Makes a group.
pub(crate) async fn create(call: &Call, grant: &Grant, name: &str, path: &str) -> Result<GroupRow, Error> {
    grant.require_on("iam:CreateGroup", EntityKind::Group.arn(call.account(), path, name).as_str())?;
    let row = GroupRow {
        group_id: bootstrap::unique_id("AGPA")?,
        account: call.account().clone(),
        name: name.to_owned(),
        path: path.to_owned(),
        created_at: call.ctx.app.now(),
    };
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if groups::count(conn, &row.account).await? >= GROUPS_QUOTA {
                return Err(failures::quota("GroupsPerAccount", GROUPS_QUOTA));
            }
            if !groups::insert(conn, &row).await? {
                return Err(failures::entity_exists(EntityKind::Group, &row.name));
            }
            Ok(row)
        })
    })
    .await
}

/// The group of a name.
pub(crate) async fn find<O>(call: &Call, grant: &Grant, input: &O::Input, name: &str) -> Result<GroupRow, Error>
where
    O: Operation<Call = Call, Error = Error>,
    O::Input: Sync,
{
    let row = groups::find(&mut call.ctx.app.db().reader().await?, call.account(), name).await?;
    let row = row.ok_or_else(|| failures::no_such_entity(EntityKind::Group, name))?;
    entities::settle::<O>(call, grant, input, EntityKind::Group, name, &row.group_id, &row.path).await?;
    Ok(row)
}

/// Groups below a path.
pub(crate) async fn list(call: &Call, grant: &Grant, prefix: &str, paging: Paging) -> Result<Page<GroupRow>, Error> {
    grant.require("iam:ListGroups")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let found = groups::list_page(&mut conn, call.account(), prefix, &paging.after, paging.wanted()).await?;
    paging.page(call, found, |row| &row.name)
}

/// The users of a group.
pub(crate) async fn list_users(call: &Call, group: &GroupRow, paging: Paging) -> Result<Page<UserRow>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let found = group_members::list_users(&mut conn, &group.group_id, &paging.after, paging.wanted()).await?;
    paging.page(call, found, |row| &row.name)
}

/// The groups of a user.
pub(crate) async fn list_of_user(call: &Call, user: &Found, paging: Paging) -> Result<Page<GroupRow>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let found = group_members::list_groups(&mut conn, &user.id, &paging.after, paging.wanted()).await?;
    paging.page(call, found, |row| &row.name)
}

/// Gives a group another name or path.
pub(crate) async fn rename(
    call: &Call,
    group: GroupRow,
    name: Option<String>,
    path: Option<String>,
) -> Result<(), Error> {
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let now = groups::find_by_id(conn, &group.group_id).await?;
            let now = now.ok_or_else(|| failures::no_such_entity(EntityKind::Group, &group.name))?;
            // The ARN that the caller may change, and what stays as it is, are those of the row that was found.
            if (&now.name, &now.path) != (&group.name, &group.path) {
                return Err(entities::outdated());
            }
            let (name, path) = (name.unwrap_or(now.name), path.unwrap_or(now.path));
            if !groups::update_name(conn, &group, &name, &path).await? {
                return Err(failures::entity_exists(EntityKind::Group, &name));
            }
            Ok(())
        })
    })
    .await
}

/// Removes a group that is empty and has no policies.
pub(crate) async fn delete(call: &Call, group: Found) -> Result<(), Error> {
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if !group_members::list_users(conn, &group.id, "", 1).await?.is_empty() {
                return Err(failures::has_memberships());
            }
            if policy_attachments::count(conn, &group.id).await? > 0 {
                return Err(failures::has_attached_policies());
            }
            if !inline_policies::list_names(conn, &group.id, "", 1).await?.is_empty() {
                return Err(failures::has_inline_policies());
            }
            if !groups::delete(conn, &group.id).await? {
                return Err(failures::no_such_entity(EntityKind::Group, &group.name));
            }
            Ok(())
        })
    })
    .await
}

/// Puts a user into a group; one that is there already stays there.
pub(crate) async fn add_user(call: &Call, group: Found, user_name: String) -> Result<(), Error> {
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let user = users::find(conn, &account, &user_name).await?;
            let user = user.ok_or_else(|| failures::no_such_entity(EntityKind::User, &user_name))?;
            if groups::find_by_id(conn, &group.id).await?.is_none() {
                return Err(failures::no_such_entity(EntityKind::Group, &group.name));
            }
            let before = group_members::count_groups(conn, &user.user_id).await?;
            if group_members::insert(conn, &group.id, &user.user_id).await? && before >= GROUPS_PER_USER_QUOTA {
                return Err(failures::quota("GroupsPerUser", GROUPS_PER_USER_QUOTA));
            }
            Ok(())
        })
    })
    .await
}

/// Takes a user out of a group.
pub(crate) async fn remove_user(call: &Call, group: Found, user_name: String) -> Result<(), Error> {
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let user = users::find(conn, &account, &user_name).await?;
            let user = user.ok_or_else(|| failures::no_such_entity(EntityKind::User, &user_name))?;
            // As at IAM it is no failure that the user was not in the group.
            group_members::delete(conn, &group.id, &user.user_id).await?;
            Ok(())
        })
    })
    .await
}
