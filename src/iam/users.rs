//! Users.

use app::api::Call;
use app::policy_principals::{self, Former};
use app::{EntityKind, Grant, bootstrap};
use aws::Operation;
use store::users::UserRow;
use store::{Conn, access_keys, group_members, iam_tags, inline_policies, policy_attachments, users};
use types::{AccountId, Arn};

use crate::change::change;
use crate::entities::{self, Found};
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::tags::Tag;
use crate::{boundaries, failures, tags};

/// How many users an account may have.
pub(crate) const USERS_QUOTA: u64 = 5000;

/// A user that is to be made.
#[derive(Debug)]
pub(crate) struct New {
    /// Its name.
    pub(crate) name: String,
    /// Its path.
    pub(crate) path: String,
    /// The ARN of the policy that limits it.
    pub(crate) boundary_arn: Option<String>,
    /// Its tags.
    pub(crate) tags: Vec<Tag>,
}

/// Makes a user.
pub(crate) async fn create(call: &Call, grant: &Grant, new: New) -> Result<UserRow, Error> {
    let arn = EntityKind::User.arn(call.account(), &new.path, &new.name);
    grant.require_on("iam:CreateUser", arn.as_str())?;
    let row = row(call.account(), &new.name, &new.path, new.boundary_arn, call.ctx.app.now())?;
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            insert(conn, &row).await?;
            tags::insert(conn, &row.user_id, &new.tags).await?;
            Ok(row)
        })
    })
    .await
}

/// The row of a new user.
pub(crate) fn row(
    account: &AccountId,
    name: &str,
    path: &str,
    boundary_arn: Option<String>,
    now: types::Timestamp,
) -> Result<UserRow, Error> {
    Ok(UserRow {
        user_id: bootstrap::unique_id("AIDA")?,
        account: account.clone(),
        name: name.to_owned(),
        path: path.to_owned(),
        boundary_arn,
        created_at: now,
    })
}

/// Adds the row of a new user, if there is room and the name is free.
pub(crate) async fn insert(conn: &mut Conn, row: &UserRow) -> Result<(), Error> {
    if users::count(conn, &row.account).await? >= USERS_QUOTA {
        return Err(failures::quota("UsersPerAccount", USERS_QUOTA));
    }
    if let Some(arn) = &row.boundary_arn {
        boundaries::check(conn, &row.account, arn).await?;
    }
    if !users::insert(conn, row).await? {
        return Err(failures::entity_exists(EntityKind::User, &row.name));
    }
    Ok(())
}

/// The user of a name.
pub(crate) async fn find<O>(call: &Call, grant: &Grant, input: &O::Input, name: &str) -> Result<UserRow, Error>
where
    O: Operation<Call = Call, Error = Error>,
    O::Input: Sync,
{
    let row = users::find(&mut call.ctx.app.db().reader().await?, call.account(), name).await?;
    let row = row.ok_or_else(|| failures::no_such_entity(EntityKind::User, name))?;
    entities::settle::<O>(call, grant, input, EntityKind::User, name, &row.user_id, &row.path).await?;
    Ok(row)
}

/// Users below a path.
pub(crate) async fn list(call: &Call, grant: &Grant, prefix: &str, paging: Paging) -> Result<Page<UserRow>, Error> {
    grant.require("iam:ListUsers")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let found = users::list_page(&mut conn, call.account(), prefix, &paging.after, paging.wanted()).await?;
    paging.page(call, found, |row| &row.name)
}

/// Gives a user another name or path.
pub(crate) async fn rename(
    call: &Call,
    user: UserRow,
    name: Option<String>,
    path: Option<String>,
) -> Result<(), Error> {
    let at = call.ctx.app.now();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let now = users::find_by_id(conn, &user.user_id).await?;
            let now = now.ok_or_else(|| failures::no_such_entity(EntityKind::User, &user.name))?;
            // The ARN that the caller may change, and what stays as it is, are those of the row that was found.
            if (&now.name, &now.path) != (&user.name, &user.path) {
                return Err(entities::outdated());
            }
            let (name, path) = (name.unwrap_or(now.name), path.unwrap_or(now.path));
            if !users::update_name(conn, &user, &name, &path).await? {
                return Err(failures::entity_exists(EntityKind::User, &name));
            }
            let arn = Arn::user(&user.account, &path, &name);
            Ok(policy_principals::rename_user(conn, former(&user), &arn, at).await?)
        })
    })
    .await
}

/// A user as it was, to the policies that name it.
fn former(row: &UserRow) -> Former<'_> {
    Former { id: &row.user_id, kind: EntityKind::User, account: &row.account, path: &row.path, name: &row.name }
}

/// Removes a user to whom nothing belongs any more.
pub(crate) async fn delete(call: &Call, user: Found) -> Result<(), Error> {
    let now = call.ctx.app.now();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if policy_attachments::count(conn, &user.id).await? > 0 {
                return Err(failures::has_attached_policies());
            }
            if !inline_policies::list_names(conn, &user.id, "", 1).await?.is_empty() {
                return Err(failures::has_inline_policies());
            }
            if access_keys::count_of_user(conn, &user.id).await? > 0 {
                return Err(failures::has_access_keys());
            }
            if group_members::count_groups(conn, &user.id).await? > 0 {
                return Err(failures::has_memberships());
            }
            let row = users::find_by_id(conn, &user.id).await?;
            let row = row.ok_or_else(|| failures::no_such_entity(EntityKind::User, &user.name))?;
            iam_tags::delete_of(conn, &user.id).await?;
            policy_principals::delete_principal(conn, former(&row), now).await?;
            users::delete(conn, &user.id).await?;
            Ok(())
        })
    })
    .await
}
