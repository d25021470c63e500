//! Inline policies of users, groups and roles.

use app::EntityKind;
use app::api::Call;
use store::Conn;
use store::inline_policies::{self, InlinePolicyRow};

use crate::change::change;
use crate::entities::{self, Found};
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::{documents, failures};

/// Sets a policy, replacing one of the same name.
pub(crate) async fn put(call: &Call, owner: Found, name: String, document: String) -> Result<(), Error> {
    documents::check_policy(&document)?;
    let row = InlinePolicyRow { principal_id: owner.id.clone(), name, document };
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            entities::check_exists(conn, &account, &owner).await?;
            upsert(conn, owner.kind, &owner.name, &row).await
        })
    })
    .await
}

/// Sets a policy, unless those of its owner would become too long together.
pub(crate) async fn upsert(conn: &mut Conn, kind: EntityKind, owner: &str, row: &InlinePolicyRow) -> Result<(), Error> {
    inline_policies::upsert(conn, row).await?;
    let all = inline_policies::list_of(conn, &[&row.principal_id]).await?;
    let limit = documents::inline_policies_size(kind);
    if all.iter().map(|policy| documents::size(&policy.document)).sum::<usize>() > limit {
        return Err(failures::inline_policies_too_long(kind, limit, owner));
    }
    // They are in the memory of every process as they were sent.
    let limit = documents::INLINE_POLICIES_LENGTH;
    if all.iter().map(|policy| policy.document.chars().count()).sum::<usize>() > limit {
        return Err(failures::inline_policies_too_long(kind, limit, owner));
    }
    Ok(())
}

/// The document of a policy.
pub(crate) async fn get(call: &Call, owner: &Found, name: &str) -> Result<String, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let row = inline_policies::find(&mut conn, &owner.id, name).await?;
    row.map(|row| row.document).ok_or_else(|| failures::no_such_inline_policy(owner.kind, name))
}

/// The names of the policies.
pub(crate) async fn list(call: &Call, owner: &Found, paging: Paging) -> Result<Page<String>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let found = inline_policies::list_names(&mut conn, &owner.id, &paging.after, paging.wanted()).await?;
    paging.page(call, found, String::as_str)
}

/// Removes a policy.
pub(crate) async fn delete(call: &Call, owner: Found, name: String) -> Result<(), Error> {
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if !inline_policies::delete(conn, &owner.id, &name).await? {
                return Err(failures::no_such_inline_policy(owner.kind, &name));
            }
            Ok(())
        })
    })
    .await
}
