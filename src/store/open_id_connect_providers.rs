//! Table `open_id_connect_providers`: whose web identity tokens may be exchanged for a role's credentials.

use types::{AccountId, Timestamp};

use crate::conn;
use crate::row::Row;
use crate::{Conn, Error, Result, value};

/// An identity provider of an account.
#[derive(Debug, Clone)]
pub struct OpenIdConnectProviderRow {
    /// `arn:aws:iam::<account>:oidc-provider/<url>`
    pub arn: String,
    /// Whose provider it is.
    pub account: AccountId,
    /// The issuer without its scheme.
    pub url: String,
    /// The audiences that are accepted, in the order they came.
    pub client_ids: Vec<String>,
    /// The thumbprints of certificates, in the order they came.
    pub thumbprints: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<OpenIdConnectProviderRow> {
    let texts = |column: usize, name: &'static str| -> Result<Vec<String>> {
        serde_json::from_str(&row.text(column)?)
            .map_err(|error| Error::Damaged { column: name, reason: error.to_string() })
    };
    Ok(OpenIdConnectProviderRow {
        arn: row.text(0)?,
        account: row.parsed(1, "account_id")?,
        url: row.text(2)?,
        client_ids: texts(3, "client_ids")?,
        thumbprints: texts(4, "thumbprints")?,
        created_at: row.time(5)?,
    })
}

/// Adds a provider. False if the account has it already.
pub async fn insert(conn: &mut Conn, provider: &OpenIdConnectProviderRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into open_id_connect_providers (arn, account_id, url, client_ids, thumbprints, created_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict do nothing",
            [
                (&provider.arn).into(),
                (&provider.account).into(),
                (&provider.url).into(),
                value::list(provider.client_ids.iter().map(String::as_str)),
                value::list(provider.thumbprints.iter().map(String::as_str)),
                provider.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The provider of that ARN.
pub async fn find(conn: &mut Conn, arn: &str) -> Result<Option<OpenIdConnectProviderRow>> {
    conn.optional(
        "select arn, account_id, url, client_ids, thumbprints, created_at
         from open_id_connect_providers
         where arn = $1",
        [arn.into()],
        read,
    )
    .await
}

/// All providers of all accounts, for the copy of the authorization data in memory.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<OpenIdConnectProviderRow>> {
    conn.all(
        "select arn, account_id, url, client_ids, thumbprints, created_at from open_id_connect_providers",
        [],
        read,
    )
    .await
}

/// All providers of an account: there are few, and IAM lists them without pages.
pub async fn list(conn: &mut Conn, account: &AccountId) -> Result<Vec<OpenIdConnectProviderRow>> {
    // ix_open_id_connect_providers_account
    conn.all(
        "select arn, account_id, url, client_ids, thumbprints, created_at
         from open_id_connect_providers
         where account_id = $1
         order by arn",
        [account.into()],
        read,
    )
    .await
}

/// How many providers an account has.
pub async fn count(conn: &mut Conn, account: &AccountId) -> Result<u64> {
    conn::count(conn, "select count(*) from open_id_connect_providers where account_id = $1", [account.into()]).await
}

/// Changes what a provider accepts.
pub async fn update_accepted(
    conn: &mut Conn,
    arn: &str,
    client_ids: &[String],
    thumbprints: &[String],
) -> Result<bool> {
    let rows = conn
        .execute(
            "update open_id_connect_providers
             set client_ids = $2, thumbprints = $3
             where arn = $1",
            [
                arn.into(),
                value::list(client_ids.iter().map(String::as_str)),
                value::list(thumbprints.iter().map(String::as_str)),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes a provider.
pub async fn delete(conn: &mut Conn, arn: &str) -> Result<bool> {
    Ok(conn.execute("delete from open_id_connect_providers where arn = $1", [arn.into()]).await? == 1)
}
