//! Access keys, of users and of the root of the account.

use app::api::Call;
use app::bootstrap::{self, AccessKey};
use app::{App, EntityKind, Grant};
use aws::{Need, Operation};
use store::access_keys::AccessKeyRow;
use store::{Conn, access_keys, users};
use types::AccountId;

use crate::change::change;
use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::{entities, failures};

/// How many keys a user may have, and the root.
pub(crate) const ACCESS_KEYS_QUOTA: u64 = 2;

/// Whose keys are meant.
#[derive(Debug, Clone)]
pub(crate) enum Owner {
    /// A user's.
    User {
        /// The id.
        id: String,
        /// The name.
        name: String,
    },
    /// The root's.
    Root,
}

impl Owner {
    /// The name of the user.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::User { name, .. } => Some(name),
            Self::Root => None,
        }
    }

    fn owns(&self, account: &AccountId, key: &AccessKeyRow) -> bool {
        match (self, &key.user_id) {
            (Self::User { id, .. }, Some(user_id)) => id == user_id,
            (Self::Root, None) => key.account == *account,
            _ => false,
        }
    }
}

/// What an operation about the named user or the caller needs, once `checks` and the name have passed. See [`owner`].
pub(crate) fn owner_needs<O: Operation>(call: &Call, checks: Checks, name: Option<&str>) -> Result<Vec<Need>, Error> {
    let checks = match name {
        Some(name) => checks.user_name(name),
        None => checks,
    };
    checks.finish()?;
    let name = entities::user_name_or_own(call, name)?;
    Ok(vec![entities::need_of_user_or_root(call, O::ACTION, name.as_deref())])
}

/// Whose keys an operation is about: the named user's, or the caller's.
pub(crate) async fn owner<O>(call: &Call, grant: &Grant, input: &O::Input, name: Option<&str>) -> Result<Owner, Error>
where
    O: Operation<Call = Call, Error = Error>,
    O::Input: Sync,
{
    match entities::user_name_or_own(call, name)? {
        Some(name) => {
            let user = entities::find::<O>(call, grant, input, EntityKind::User, &name).await?;
            Ok(Owner::User { id: user.id, name: user.name })
        }
        None => {
            grant.require(O::ACTION)?;
            Ok(Owner::Root)
        }
    }
}

/// Makes a key. Its secret is known at this moment only.
pub(crate) async fn create(call: &Call, owner: &Owner) -> Result<(AccessKey, AccessKeyRow), Error> {
    let (key, row) = new(&call.ctx.app, call.account(), owner)?;
    let owner = owner.clone();
    let row = change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            insert(conn, &owner, &row).await?;
            Ok(row)
        })
    })
    .await?;
    Ok((key, row))
}

/// A new key with its row.
pub(crate) fn new(app: &App, account: &AccountId, owner: &Owner) -> Result<(AccessKey, AccessKeyRow), Error> {
    let key = bootstrap::generate()?;
    let user_id = match owner {
        Owner::User { id, .. } => Some(id.clone()),
        Owner::Root => None,
    };
    let row = bootstrap::sealed(app, account, user_id, &key)?;
    Ok((key, row))
}

/// Adds the row of a new key, if there is room.
pub(crate) async fn insert(conn: &mut Conn, owner: &Owner, row: &AccessKeyRow) -> Result<(), Error> {
    if let Owner::User { id, name } = owner
        && users::find_by_id(conn, id).await?.is_none()
    {
        return Err(failures::no_such_entity(EntityKind::User, name));
    }
    if rows(conn, &row.account, owner).await?.len() as u64 >= ACCESS_KEYS_QUOTA {
        return Err(failures::quota("AccessKeysPerUser", ACCESS_KEYS_QUOTA));
    }
    if !access_keys::insert(conn, row).await? {
        tracing::error!(access_key_id = row.access_key_id, "a new access key has the id of another one");
        return Err(app::Error::Internal.into());
    }
    Ok(())
}

/// The keys of an owner.
pub(crate) async fn list(call: &Call, owner: &Owner, paging: Paging) -> Result<Page<AccessKeyRow>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let mut found = rows(&mut conn, call.account(), owner).await?;
    found.retain(|row| row.access_key_id > paging.after);
    paging.page(call, found, |row| &row.access_key_id)
}

/// A key of the caller's account by its id alone, with the name of its user.
pub(crate) async fn find(
    call: &Call,
    grant: &Grant,
    access_key_id: &str,
) -> Result<(AccessKeyRow, Option<String>), Error> {
    grant.require("iam:GetAccessKeyLastUsed")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let row = access_keys::find(&mut conn, access_key_id).await?.filter(|row| row.account == *call.account());
    let row = row.ok_or_else(|| failures::no_such_access_key(access_key_id))?;
    let user = match &row.user_id {
        Some(id) => users::find_by_id(&mut conn, id).await?,
        None => None,
    };
    Ok((row, user.map(|user| user.name)))
}

/// Turns a key on or off. Every process obeys within seconds.
pub(crate) async fn set_active(call: &Call, owner: Owner, access_key_id: String, active: bool) -> Result<(), Error> {
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            check_owner(conn, &account, &owner, &access_key_id).await?;
            access_keys::update_status(conn, &access_key_id, active).await?;
            Ok(())
        })
    })
    .await
}

/// Removes a key.
pub(crate) async fn delete(call: &Call, owner: Owner, access_key_id: String) -> Result<(), Error> {
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            check_owner(conn, &account, &owner, &access_key_id).await?;
            access_keys::delete(conn, &access_key_id).await?;
            Ok(())
        })
    })
    .await
}

async fn check_owner(conn: &mut Conn, account: &AccountId, owner: &Owner, access_key_id: &str) -> Result<(), Error> {
    let key = access_keys::find(conn, access_key_id).await?;
    match key {
        Some(key) if owner.owns(account, &key) => Ok(()),
        _ => Err(failures::no_such_access_key(access_key_id)),
    }
}

async fn rows(conn: &mut Conn, account: &AccountId, owner: &Owner) -> Result<Vec<AccessKeyRow>, Error> {
    Ok(match owner {
        Owner::User { id, .. } => access_keys::list_of_user(conn, id).await?,
        Owner::Root => access_keys::list_of_root(conn, account).await?,
    })
}
