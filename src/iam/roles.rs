//! Roles: who may assume one is kept and checked here; that it is obeyed is the business of STS.

use app::api::Call;
use app::policy_principals::{self, Former, PolicyOwner};
use app::{EntityKind, Grant, bootstrap};
use aws::Operation;
use policy::Document;
use store::roles::RoleRow;
use store::{Conn, iam_tags, inline_policies, policy_attachments, roles};

use crate::change::change;
use crate::entities::{self, Found};
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::tags::Tag;
use crate::{boundaries, documents, failures, tags};

/// How many roles an account may have.
pub(crate) const ROLES_QUOTA: u64 = 1000;

/// How long a session may last if nobody says otherwise, in seconds.
pub(crate) const DEFAULT_SESSION_DURATION: i64 = 3600;

/// A role that is to be made.
#[derive(Debug)]
pub(crate) struct New {
    /// Its name.
    pub(crate) name: String,
    /// Its path.
    pub(crate) path: String,
    /// Who may assume it.
    pub(crate) trust_policy: String,
    /// What is said of it.
    pub(crate) description: Option<String>,
    /// How long a session may last, in seconds.
    pub(crate) max_session_duration: i64,
    /// The ARN of the policy that limits it.
    pub(crate) boundary_arn: Option<String>,
    /// Its tags.
    pub(crate) tags: Vec<Tag>,
}

/// Makes a role.
pub(crate) async fn create(call: &Call, grant: &Grant, new: New) -> Result<RoleRow, Error> {
    grant.require_on("iam:CreateRole", EntityKind::Role.arn(call.account(), &new.path, &new.name).as_str())?;
    let trust = documents::check_trust_policy(&new.trust_policy)?;
    let row = RoleRow {
        role_id: bootstrap::unique_id("AROA")?,
        account: call.account().clone(),
        name: new.name,
        path: new.path,
        trust_policy: new.trust_policy,
        description: new.description,
        max_session_duration: new.max_session_duration,
        boundary_arn: new.boundary_arn,
        created_at: call.ctx.app.now(),
        last_used_at: None,
        last_used_region: None,
    };
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if roles::count(conn, &row.account).await? >= ROLES_QUOTA {
                return Err(failures::quota("RolesPerAccount", ROLES_QUOTA));
            }
            if let Some(arn) = &row.boundary_arn {
                boundaries::check(conn, &row.account, arn).await?;
            }
            set_principals(conn, &row.role_id, &trust).await?;
            if !roles::insert(conn, &row).await? {
                return Err(failures::entity_exists(EntityKind::Role, &row.name));
            }
            tags::insert(conn, &row.role_id, &new.tags).await?;
            Ok(row)
        })
    })
    .await
}

/// The role of a name.
pub(crate) async fn find<O>(call: &Call, grant: &Grant, input: &O::Input, name: &str) -> Result<RoleRow, Error>
where
    O: Operation<Call = Call, Error = Error>,
    O::Input: Sync,
{
    let row = roles::find(&mut call.ctx.app.db().reader().await?, call.account(), name).await?;
    let row = row.ok_or_else(|| failures::no_such_entity(EntityKind::Role, name))?;
    entities::settle::<O>(call, grant, input, EntityKind::Role, name, &row.role_id, &row.path).await?;
    Ok(row)
}

/// Roles below a path.
pub(crate) async fn list(call: &Call, grant: &Grant, prefix: &str, paging: Paging) -> Result<Page<RoleRow>, Error> {
    grant.require("iam:ListRoles")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let found = roles::list_page(&mut conn, call.account(), prefix, &paging.after, paging.wanted()).await?;
    paging.page(call, found, |row| &row.name)
}

/// Changes what is said of a role, or how long its sessions may last; what is not given stays.
pub(crate) async fn update(
    call: &Call,
    role: RoleRow,
    description: Option<String>,
    max_session_duration: Option<i64>,
) -> Result<RoleRow, Error> {
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let now = roles::find(conn, &role.account, &role.name).await?.filter(|now| now.role_id == role.role_id);
            let mut role = now.ok_or_else(|| failures::no_such_entity(EntityKind::Role, &role.name))?;
            role.description = description.or(role.description);
            role.max_session_duration = max_session_duration.unwrap_or(role.max_session_duration);
            roles::update_settings(conn, &role.role_id, role.description.as_deref(), role.max_session_duration).await?;
            Ok(role)
        })
    })
    .await
}

/// Changes who may assume a role.
pub(crate) async fn set_trust_policy(call: &Call, role: Found, document: String) -> Result<(), Error> {
    let trust = documents::check_trust_policy(&document)?;
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            set_principals(conn, &role.id, &trust).await?;
            if !roles::update_trust_policy(conn, &role.id, &document).await? {
                return Err(failures::no_such_entity(EntityKind::Role, &role.name));
            }
            Ok(())
        })
    })
    .await
}

/// Notes whom a role trusts, who has to be there.
async fn set_principals(conn: &mut Conn, role_id: &str, trust: &Document) -> Result<(), Error> {
    match policy_principals::set(conn, PolicyOwner::Role(role_id), trust).await? {
        Some(unknown) => Err(documents::unknown_principal(&unknown)),
        None => Ok(()),
    }
}

/// Removes a role that has no policies.
pub(crate) async fn delete(call: &Call, role: Found) -> Result<(), Error> {
    let (account, now) = (call.account().clone(), call.ctx.app.now());
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if policy_attachments::count(conn, &role.id).await? > 0 {
                return Err(failures::has_attached_policies());
            }
            if !inline_policies::list_names(conn, &role.id, "", 1).await?.is_empty() {
                return Err(failures::has_inline_policies());
            }
            let row = roles::find(conn, &account, &role.name).await?.filter(|row| row.role_id == role.id);
            let row = row.ok_or_else(|| failures::no_such_entity(EntityKind::Role, &role.name))?;
            iam_tags::delete_of(conn, &role.id).await?;
            policy_principals::remove(conn, PolicyOwner::Role(&role.id)).await?;
            let former =
                Former { id: &role.id, kind: EntityKind::Role, account: &account, path: &row.path, name: &row.name };
            policy_principals::delete_principal(conn, former, now).await?;
            roles::delete(conn, &role.id).await?;
            Ok(())
        })
    })
    .await
}
