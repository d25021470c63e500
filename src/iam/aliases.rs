//! The alias of an account. It is kept and shown; no address of Wharf uses it.

use app::Grant;
use app::api::Call;
use store::account_aliases;

use crate::change::change;
use crate::error::Error;
use crate::failures;

/// Gives the account an alias in place of the one it has.
pub(crate) async fn create(call: &Call, grant: &Grant, alias: String) -> Result<(), Error> {
    grant.require("iam:CreateAccountAlias")?;
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if !account_aliases::upsert(conn, &account, &alias).await? {
                return Err(failures::alias_exists(&alias));
            }
            Ok(())
        })
    })
    .await
}

/// The alias of the account.
pub(crate) async fn find(call: &Call, grant: &Grant) -> Result<Option<String>, Error> {
    grant.require("iam:ListAccountAliases")?;
    Ok(account_aliases::find(&mut call.ctx.app.db().reader().await?, call.account()).await?)
}

/// Takes the alias from the account.
pub(crate) async fn delete(call: &Call, grant: &Grant, alias: String) -> Result<(), Error> {
    grant.require("iam:DeleteAccountAlias")?;
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if !account_aliases::delete(conn, &account, &alias).await? {
                return Err(failures::no_such_alias(&alias));
            }
            Ok(())
        })
    })
    .await
}
