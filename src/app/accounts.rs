//! Accounts. Each has its own registries, users and roles, and shares with others only what its policies share. An operator
//! makes one; its root does the rest.

use store::accounts::AccountRow;
use store::{Pending, access_keys, account_aliases, accounts, stamps};
use types::AccountId;

use crate::bootstrap::{self, AccessKey};
use crate::{App, Error, Result};

/// Creates an account with a root access key.
pub async fn create(app: &App, account: &AccountId, alias: Option<&str>) -> Result<AccessKey> {
    if let Some(alias) = alias {
        check_alias(alias)?;
    }
    let key = bootstrap::generate()?;
    let row = bootstrap::sealed(app, account, None, &key)?;
    let (account, alias, now) = (account.clone(), alias.map(str::to_owned), app.now());
    app.db
        .write(move |conn| {
            Box::pin(async move {
                // First, as where the API sets aliases, or two could wait for one another.
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                if !accounts::insert(conn, &account, now).await? {
                    return Err(Error::Invalid(format!("account {account} exists already")));
                }
                if let Some(alias) = alias
                    && !account_aliases::upsert(conn, &account, &alias).await?
                {
                    return Err(Error::Invalid(format!("alias '{alias}' is that of another account")));
                }
                access_keys::insert(conn, &row).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await?;
    Ok(key)
}

/// All accounts. There are few: one a team or customer.
pub async fn list(app: &App) -> Result<Vec<AccountRow>> {
    let mut conn = app.db.reader().await?;
    Ok(accounts::list(&mut conn).await?)
}

/// As AWS has it: 3 to 63 of a-z, 0-9 and hyphens, which neither begin nor end it nor follow one another.
fn check_alias(alias: &str) -> Result<()> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let placed = !alias.starts_with('-') && !alias.ends_with('-') && !alias.contains("--");
    if (3..=63).contains(&alias.len()) && alias.bytes().all(legal) && placed {
        return Ok(());
    }
    Err(Error::Invalid("an alias is 3 to 63 lowercase letters, digits and single hyphens inside".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_those_of_aws() {
        for alias in ["abc", "team-1", "0a0"] {
            assert!(check_alias(alias).is_ok(), "{alias}");
        }
        for alias in ["", "ab", "-abc", "abc-", "a--b", "Abc", "a_b", &"a".repeat(64)] {
            assert!(check_alias(alias).is_err(), "{alias}");
        }
    }
}
