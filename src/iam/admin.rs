//! What an operator does with users and keys on the command line, by the same rules as the API. The caller has been
//! authorized by having the database and the master key.

use app::bootstrap::AccessKey;
use app::{App, EntityKind};
use aws::Fault;
use store::inline_policies::InlinePolicyRow;
use types::AccountId;

use crate::access_keys::{self, Owner};
use crate::change::change;
use crate::checks::Checks;
use crate::error::Error;
use crate::{documents, failures, inline_policies, users};

/// The name of the policy that a user is created with here.
const POLICY_NAME: &str = "initial";

/// Creates a user with an inline policy (a JSON document) and an access key.
pub async fn create_user(app: &App, account: &AccountId, name: &str, policy: &str) -> Result<AccessKey, Fault> {
    Checks::new().new_user_name("userName", name).finish()?;
    documents::check_policy(policy)?;
    let user = users::row(account, name, "/", None, app.now())?;
    let owner = Owner::User { id: user.user_id.clone(), name: user.name.clone() };
    let (key, key_row) = access_keys::new(app, account, &owner)?;
    let inline = inline_policy(&user.user_id, policy);
    change(app, move |conn| {
        Box::pin(async move {
            users::insert(conn, &user).await?;
            inline_policies::upsert(conn, EntityKind::User, &user.name, &inline).await?;
            access_keys::insert(conn, &owner, &key_row).await
        })
    })
    .await?;
    Ok(key)
}

/// Replaces the inline policy that a user was created with.
pub async fn set_user_policy(app: &App, account: &AccountId, name: &str, policy: &str) -> Result<(), Fault> {
    documents::check_policy(policy)?;
    let (account, name, policy) = (account.clone(), name.to_owned(), policy.to_owned());
    change(app, move |conn| {
        Box::pin(async move {
            let user = store::users::find(conn, &account, &name).await?;
            let user = user.ok_or_else(|| failures::no_such_entity(EntityKind::User, &name))?;
            inline_policies::upsert(conn, EntityKind::User, &name, &inline_policy(&user.user_id, &policy)).await
        })
    })
    .await?;
    Ok(())
}

/// Turns an access key on or off. Every process obeys within seconds.
pub async fn set_access_key_status(app: &App, access_key_id: &str, active: bool) -> Result<(), Fault> {
    let id = access_key_id.to_owned();
    change(app, move |conn| {
        Box::pin(async move {
            if !store::access_keys::update_status(conn, &id, active).await? {
                return Err(failures::no_such_access_key(&id));
            }
            Ok::<(), Error>(())
        })
    })
    .await?;
    Ok(())
}

fn inline_policy(user_id: &str, document: &str) -> InlinePolicyRow {
    InlinePolicyRow { principal_id: user_id.to_owned(), name: POLICY_NAME.to_owned(), document: document.to_owned() }
}
