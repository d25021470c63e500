//! Changing the settings of a repository that may be changed after its creation.

use store::Pending;
use types::TagMutability;

use crate::{Action, Ctx, Error, Permit, Result, repositories};

/// Changes whether tags may move. Tags that exist stay where they are.
pub async fn set_tag_mutability(ctx: &Ctx, permit: &Permit, to: TagMutability) -> Result<()> {
    permit.require(Action::PutImageTagMutability)?;
    let permit = permit.clone();
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let id = repositories::find(conn, &permit).await?.repository_id;
                match store::repositories::update_tag_mutability(conn, &id, &to).await? {
                    true => Ok(()),
                    false => Err(permit.repository_unknown()),
                }
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Changes whether images are to be scanned when they are pushed.
pub async fn set_scan_on_push(ctx: &Ctx, permit: &Permit, to: bool) -> Result<()> {
    permit.require(Action::PutImageScanningConfiguration)?;
    let permit = permit.clone();
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let id = repositories::find(conn, &permit).await?.repository_id;
                match store::repositories::update_scan_on_push(conn, &id, to).await? {
                    true => Ok(()),
                    false => Err(permit.repository_unknown()),
                }
            }) as Pending<'_, (), Error>
        })
        .await
}
