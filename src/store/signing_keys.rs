//! Table `signing_keys`.

use types::Timestamp;

use crate::{Conn, Result};

/// A key pair that signs registry tokens.
#[derive(Debug, Clone)]
pub struct SigningKeyRow {
    /// Names the key in a token's header.
    pub kid: String,
    /// The private key (PKCS #8), sealed.
    pub sealed_key: Vec<u8>,
    /// The public key.
    pub public_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it only verifies.
    pub retired_at: Option<Timestamp>,
}

/// Adds a key.
pub async fn insert(conn: &mut Conn, key: &SigningKeyRow) -> Result<()> {
    conn.execute(
        "insert into signing_keys (kid, sealed_key, public_key, created_at, retired_at)
         values ($1, $2, $3, $4, $5)",
        [
            (&key.kid).into(),
            key.sealed_key.as_slice().into(),
            key.public_key.as_slice().into(),
            key.created_at.into(),
            key.retired_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Retires every key but one: tokens of the others are still good until they expire.
pub async fn update_retired(conn: &mut Conn, except: &str, now: Timestamp) -> Result<u64> {
    conn.execute(
        "update signing_keys
         set retired_at = $2
         where kid <> $1 and retired_at is null",
        [except.into(), now.into()],
    )
    .await
}

/// Forgets keys that were retired before `time`. How many there were.
pub async fn delete_retired_before(conn: &mut Conn, time: Timestamp) -> Result<u64> {
    conn.execute("delete from signing_keys where retired_at < $1", [time.into()]).await
}

/// All keys, the newest first.
pub async fn list(conn: &mut Conn) -> Result<Vec<SigningKeyRow>> {
    conn.all(
        "select kid, sealed_key, public_key, created_at, coalesce(retired_at, -1)
         from signing_keys
         order by created_at desc, kid",
        [],
        |row| {
            let retired_at = row.time(4)?;
            Ok(SigningKeyRow {
                kid: row.text(0)?,
                sealed_key: row.bytes(1)?,
                public_key: row.bytes(2)?,
                created_at: row.time(3)?,
                retired_at: (retired_at.micros() >= 0).then_some(retired_at),
            })
        },
    )
    .await
}
