//! Permissions boundaries: which managed policy limits a user or role. That the limit is obeyed is the business of
//! authorization.

use app::EntityKind;
use app::api::Call;
use store::{Conn, roles, users};
use types::AccountId;

use crate::change::change;
use crate::entities::Found;
use crate::error::Error;
use crate::{failures, managed_policies};

/// Makes sure that a managed policy can limit somebody of an account.
pub(crate) async fn check(conn: &mut Conn, account: &AccountId, policy_arn: &str) -> Result<(), Error> {
    if managed_policies::exists(conn, account, policy_arn).await? {
        Ok(())
    } else {
        Err(failures::no_such_boundary(policy_arn))
    }
}

/// Sets the limit of a user or role.
pub(crate) async fn put(call: &Call, owner: Found, policy_arn: String) -> Result<(), Error> {
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            check(conn, &account, &policy_arn).await?;
            update(conn, &owner, Some(&policy_arn)).await
        })
    })
    .await
}

/// Lifts the limit of a user or role.
pub(crate) async fn delete(call: &Call, owner: Found) -> Result<(), Error> {
    if owner.boundary_arn.is_none() {
        return Err(failures::no_boundary(owner.kind, &owner.name));
    }
    change(&call.ctx.app, move |conn| Box::pin(async move { update(conn, &owner, None).await })).await
}

async fn update(conn: &mut Conn, owner: &Found, policy_arn: Option<&str>) -> Result<(), Error> {
    let found = match owner.kind {
        EntityKind::User => users::update_boundary(conn, &owner.id, policy_arn).await?,
        EntityKind::Role => roles::update_boundary(conn, &owner.id, policy_arn).await?,
        // No operation limits a group.
        EntityKind::Group => false,
    };
    if found { Ok(()) } else { Err(failures::no_such_entity(owner.kind, &owner.name)) }
}
