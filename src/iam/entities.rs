//! Users, groups and roles as the targets of operations: which permission an operation on one needs, and how the row is
//! found for whoever has it.

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Call as _, Common, Fault, Need, Operation, Resource};
use policy::PrincipalKind;
use store::Conn;
use types::{AccountId, Arn};

use crate::error::Error;
use crate::{failures, groups, roles, users};

/// The actions that have the condition key `iam:PermissionsBoundary`, beside those that make users and roles.
const ABOUT_BOUNDARIES: &[&str] = &[
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteUserPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
];

/// A user, group or role of the caller's account.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// What it is.
    pub(crate) kind: EntityKind,
    /// Its id, by which everything else refers to it.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The ARN of the policy that limits it.
    pub(crate) boundary_arn: Option<String>,
}

/// What an operation on an existing user, group or role needs. One that is not known (yet) counts as having the path `/`;
/// [`settle`] sees to it that nobody gains by that.
pub(crate) fn need(call: &Call, action: &'static str, kind: EntityKind, name: &str) -> Need {
    let snapshot = call.ctx.app.snapshot();
    let Some(entity) = snapshot.directory().find(call.account(), kind, name) else {
        let arn = kind.arn(call.account(), "/", name);
        return Need::new(action, Resource::Arn(call.account().clone(), arn));
    };
    let mut need = Need::new(action, Resource::Arn(call.account().clone(), entity.arn.clone()));
    if let Some(boundary) = &entity.boundary_arn
        && ABOUT_BOUNDARIES.contains(&action)
    {
        need = need.with("iam:PermissionsBoundary", [boundary.clone()]);
    }
    with_resource_tags(need, snapshot.directory().tags(&entity.id))
}

/// With the tags that the resource has.
pub(crate) fn with_resource_tags(mut need: Need, tags: &[(String, String)]) -> Need {
    for (key, value) in tags {
        need = need
            .with(format!("aws:ResourceTag/{key}"), [value.clone()])
            .with(format!("iam:ResourceTag/{key}"), [value.clone()]);
    }
    need
}

/// What making a user, group or role needs, or listing those below a path, which then is the name.
pub(crate) fn need_below(call: &Call, action: &'static str, kind: EntityKind, path: Option<&str>, name: &str) -> Need {
    let arn = kind.arn(call.account(), path.unwrap_or("/"), name);
    Need::new(action, Resource::Arn(call.account().clone(), arn))
}

/// The user that an operation is about when it names none: the caller. Nothing for the root of the account.
pub(crate) fn own_user_name(call: &Call) -> Result<Option<String>, Error> {
    match &call.login.identity.principal.kind {
        PrincipalKind::User { name } => Ok(Some(name.clone())),
        PrincipalKind::Root => Ok(None),
        _ => Err(failures::validation("Must specify userName when calling with non-User credentials")),
    }
}

/// The named user, or the caller. Nothing for the root of the account.
pub(crate) fn user_name_or_own(call: &Call, name: Option<&str>) -> Result<Option<String>, Error> {
    match name {
        Some(name) => Ok(Some(name.to_owned())),
        None => own_user_name(call),
    }
}

/// What an operation needs on the named user, or on the caller; for the root it is about the root.
pub(crate) fn need_of_user_or_root(call: &Call, action: &'static str, name: Option<&str>) -> Need {
    match name {
        Some(name) => need(call, action, EntityKind::User, name),
        None => Need::new(action, Resource::Arn(call.account().clone(), Arn::root(call.account()))),
    }
}

/// The user, group or role of a name.
pub(crate) async fn find<O>(
    call: &Call,
    grant: &Grant,
    input: &O::Input,
    kind: EntityKind,
    name: &str,
) -> Result<Found, Error>
where
    O: Operation<Call = Call, Error = Error>,
    O::Input: Sync,
{
    Ok(match kind {
        EntityKind::User => {
            let row = users::find::<O>(call, grant, input, name).await?;
            Found { kind, id: row.user_id, name: row.name, boundary_arn: row.boundary_arn }
        }
        EntityKind::Group => {
            let row = groups::find::<O>(call, grant, input, name).await?;
            Found { kind, id: row.group_id, name: row.name, boundary_arn: None }
        }
        EntityKind::Role => {
            let row = roles::find::<O>(call, grant, input, name).await?;
            Found { kind, id: row.role_id, name: row.name, boundary_arn: row.boundary_arn }
        }
    })
}

/// Makes sure, in a transaction, that one that was found is still there. By its name there may be another one by now.
pub(crate) async fn check_exists(conn: &mut Conn, account: &AccountId, found: &Found) -> Result<(), Error> {
    let exists = match found.kind {
        EntityKind::User => store::users::find_by_id(conn, &found.id).await?.is_some(),
        EntityKind::Group => store::groups::find_by_id(conn, &found.id).await?.is_some(),
        EntityKind::Role => {
            store::roles::find(conn, account, &found.name).await?.is_some_and(|role| role.role_id == found.id)
        }
    };
    if exists { Ok(()) } else { Err(failures::no_such_entity(found.kind, &found.name)) }
}

/// The refusal of a call that was judged by what is not so any more. Clients come again, and are judged again.
pub(crate) fn outdated() -> Error {
    Fault::common(Common::ServiceUnavailable, "Service is unable to handle request.").into()
}

/// Makes sure that the caller was judged by what the row says. If another process made or renamed it a moment ago, this
/// one did not know its path yet: then it looks again, also at who the caller is by now, and judges again.
pub(crate) async fn settle<O>(
    call: &Call,
    grant: &Grant,
    input: &O::Input,
    kind: EntityKind,
    name: &str,
    id: &str,
    path: &str,
) -> Result<(), Error>
where
    O: Operation<Call = Call, Error = Error>,
    O::Input: Sync,
{
    grant.require(O::ACTION)?;
    let arn = kind.arn(call.account(), path, name);
    let known = |call: &Call| {
        let snapshot = call.ctx.app.snapshot();
        let entity = snapshot.directory().find(call.account(), kind, name);
        entity.is_some_and(|entity| entity.id == id && entity.arn == arn) && !is_namesake(call, kind, name, id)
    };
    if known(call) && grant.covers(O::ACTION, arn.as_str()) {
        return Ok(());
    }
    call.ctx.app.refresh().await?;
    let fresh = call.renewed()?;
    // Who was renamed meanwhile asks under the new name.
    if !known(&fresh) || fresh.login.identity.principal != call.login.identity.principal {
        return Err(outdated());
    }
    fresh.authorize(&O::needs(&fresh, input)?).await?;
    Ok(())
}

/// Whether somebody else has the name that the caller was known by: the caller was deleted or renamed, and what its
/// policies say of its own name is not about the other one.
fn is_namesake(call: &Call, kind: EntityKind, name: &str, id: &str) -> bool {
    let principal = &call.login.identity.principal;
    match &principal.kind {
        PrincipalKind::User { name: own } => kind == EntityKind::User && own == name && principal.user_id != id,
        _ => false,
    }
}

/// What giving a user or group another name or path needs: the permission on the ARN that it has, and on the one that it
/// will have.
pub(crate) fn needs_of_move(
    call: &Call,
    own: Need,
    kind: EntityKind,
    new_path: Option<&str>,
    new_name: Option<&str>,
) -> Vec<Need> {
    let arn = own.resource.arn();
    let from = arn.find('/').unwrap_or(arn.len());
    let to = arn.rfind('/').map_or(arn.len(), |at| at + 1);
    let path = new_path.or(arn.get(from..to)).unwrap_or("/");
    let name = new_name.or(arn.get(to..)).unwrap_or_default();
    let target = Need::new(own.action, Resource::Arn(call.account().clone(), kind.arn(call.account(), path, name)));
    if target.resource == own.resource { vec![own] } else { vec![own, target] }
}

/// What setting a boundary needs. Conditions on `iam:PermissionsBoundary` ask for the one that is to be set.
pub(crate) fn need_of_boundary(call: &Call, action: &'static str, kind: EntityKind, name: &str, arn: &str) -> Need {
    let mut need = need(call, action, kind, name);
    need.conditions.retain(|(key, _)| key != "iam:PermissionsBoundary");
    need.with("iam:PermissionsBoundary", [arn.to_owned()])
}
