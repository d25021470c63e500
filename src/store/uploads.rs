//! Table `uploads`: blobs on their way in.

use types::{Digest, Timestamp};

use crate::row::Row;
use crate::{Conn, Result};

/// An upload session.
#[derive(Debug, Clone)]
pub struct UploadRow {
    /// What the client calls it.
    pub upload_id: String,
    /// In which repository it was begun, and must end.
    pub repository_id: String,
    /// ARN of who began it.
    pub principal: String,
    /// JSON: everything that is needed to go on, less the parts.
    pub staged: String,
    /// Where the bytes will be.
    pub object_key: String,
    /// An object that holds bytes not yet part of the one above.
    pub tail_key: Option<String>,
    /// Bytes held.
    pub received: u64,
    /// The blob's digest, once the upload is done.
    pub digest: Option<Digest>,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// Until when one request has it to itself; in the past when none has.
    pub lease_until: Timestamp,
    /// What came through UploadLayerPart.
    pub parts: LayerParts,
}

/// The parts of a layer that came through UploadLayerPart. Only the last may be small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LayerParts {
    /// How many there are.
    pub count: u64,
    /// How many before the last are too small.
    pub short: u64,
    /// Whether the last is too small to be followed by another.
    pub last_short: bool,
}

fn read(row: &Row) -> Result<UploadRow> {
    Ok(UploadRow {
        upload_id: row.text(0)?,
        repository_id: row.text(1)?,
        principal: row.text(2)?,
        staged: row.text(3)?,
        object_key: row.text(4)?,
        tail_key: row.optional_text(5)?,
        received: row.size(6)?,
        digest: row.optional_parsed(7, "digest")?,
        expires_at: row.time(8)?,
        lease_until: row.time(9)?,
        parts: LayerParts { count: row.size(10)?, short: row.size(11)?, last_short: row.integer(12)? != 0 },
    })
}

/// Adds a session; `lease_owner` has it to itself until `lease_until`, if given.
pub async fn insert(conn: &mut Conn, row: &UploadRow, lease_owner: Option<&str>, now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into uploads
             (upload_id, repository_id, principal, staged, object_key, tail_key, received, state, lease_owner,
              lease_until, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $11)",
        [
            (&row.upload_id).into(),
            (&row.repository_id).into(),
            (&row.principal).into(),
            (&row.staged).into(),
            (&row.object_key).into(),
            row.tail_key.clone().into(),
            row.received.into(),
            lease_owner.into(),
            row.lease_until.into(),
            now.into(),
            row.expires_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The session of that id.
pub async fn find(conn: &mut Conn, upload_id: &str) -> Result<Option<UploadRow>> {
    conn.optional(
        "select upload_id, repository_id, principal, staged, object_key, tail_key, received, digest, expires_at,
                lease_until, layer_parts, short_layer_parts, last_part_short
         from uploads
         where upload_id = $1",
        [upload_id.into()],
        read,
    )
    .await
}

/// Takes an open session for one request. `None` if another request has it, or it is not open.
pub async fn claim(
    conn: &mut Conn,
    upload_id: &str,
    lease_owner: &str,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Option<UploadRow>> {
    conn.optional(
        "update uploads
         set lease_owner = $2, lease_until = $4
         where upload_id = $1 and state = 'open' and (lease_owner is null or lease_until < $3)
         returning upload_id, repository_id, principal, staged, object_key, tail_key, received, digest, expires_at,
                   lease_until, layer_parts, short_layer_parts, last_part_short",
        [upload_id.into(), lease_owner.into(), now.into(), lease_until.into()],
        read,
    )
    .await
}

/// Prolongs one's lease. False if it was lost.
pub async fn update_lease(conn: &mut Conn, upload_id: &str, lease_owner: &str, lease_until: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "update uploads
             set lease_until = $3
             where upload_id = $1 and lease_owner = $2",
            [upload_id.into(), lease_owner.into(), lease_until.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Gives a session back as it was. False if the lease was lost.
pub async fn update_released(conn: &mut Conn, upload_id: &str, lease_owner: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "update uploads
             set lease_owner = null, lease_until = 0
             where upload_id = $1 and lease_owner = $2",
            [upload_id.into(), lease_owner.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// What a request leaves behind in its session.
#[derive(Debug, Clone)]
pub struct Progress {
    /// See [`UploadRow::staged`].
    pub staged: String,
    /// See [`UploadRow::object_key`].
    pub object_key: String,
    /// See [`UploadRow::tail_key`].
    pub tail_key: Option<String>,
    /// Bytes held now.
    pub received: u64,
    /// See [`UploadRow::parts`].
    pub parts: LayerParts,
    /// When the session is given up.
    pub expires_at: Timestamp,
}

/// Records what was received and gives the session back. False if the lease was lost: then nothing is recorded.
pub async fn update_progress(conn: &mut Conn, upload_id: &str, lease_owner: &str, progress: &Progress) -> Result<bool> {
    let rows = conn
        .execute(
            "update uploads
             set staged = $3, object_key = $4, tail_key = $5, received = $6, expires_at = $7,
                 layer_parts = $8, short_layer_parts = $9, last_part_short = $10,
                 lease_owner = null, lease_until = 0
             where upload_id = $1 and lease_owner = $2",
            [
                upload_id.into(),
                lease_owner.into(),
                (&progress.staged).into(),
                (&progress.object_key).into(),
                progress.tail_key.clone().into(),
                progress.received.into(),
                progress.expires_at.into(),
                progress.parts.count.into(),
                progress.parts.short.into(),
                i64::from(progress.parts.last_short).into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Closes a session whose blob exists. It is remembered for a while, so that a closing request that is repeated gets
/// the same answer. False if the lease was lost.
pub async fn update_done(
    conn: &mut Conn,
    upload_id: &str,
    lease_owner: &str,
    digest: &Digest,
    expires_at: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update uploads
             set state = 'done', digest = $3, staged = '{}', tail_key = null, expires_at = $4,
                 lease_owner = null, lease_until = 0
             where upload_id = $1 and lease_owner = $2 and state = 'open'",
            [upload_id.into(), lease_owner.into(), digest.into(), expires_at.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Forgets a session whose parts are forgotten already. False if the lease was lost.
pub async fn delete(conn: &mut Conn, upload_id: &str, lease_owner: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from uploads
             where upload_id = $1 and lease_owner = $2",
            [upload_id.into(), lease_owner.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Forgets an open session past its time whose state cannot be read, and whose parts are forgotten already. Gives the
/// objects that it names.
pub async fn delete_damaged(conn: &mut Conn, upload_id: &str, now: Timestamp) -> Result<Vec<String>> {
    let found = conn
        .optional(
            "delete from uploads
             where upload_id = $1 and state = 'open' and expires_at < $2
             returning object_key, tail_key",
            [upload_id.into(), now.into()],
            |row| Ok([Some(row.text(0)?), row.optional_text(1)?]),
        )
        .await?;
    Ok(found.into_iter().flatten().flatten().collect())
}

/// Forgets sessions that are done and past their time, at most `limit`. How many there were.
pub async fn delete_done(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<u64> {
    // ix_uploads_expires; the parts of a done session went when it was done.
    conn.execute(
        "delete from uploads
         where upload_id in (
             select upload_id from uploads where expires_at < $1 and state = 'done' order by expires_at limit $2
         )",
        [now.into(), limit.into()],
    )
    .await
}

/// Ends the time of all open sessions of a repository. How many there were.
pub async fn update_expired(conn: &mut Conn, repository_id: &str, now: Timestamp) -> Result<u64> {
    // ix_uploads_repository
    conn.execute(
        "update uploads
         set expires_at = $2
         where repository_id = $1 and state = 'open' and expires_at > $2",
        [repository_id.into(), now.into()],
    )
    .await
}

/// Which request has which open session, as of `since` or later.
pub async fn list_leases(conn: &mut Conn, since: Timestamp) -> Result<Vec<(String, String)>> {
    // ix_uploads_expires
    conn.all(
        "select upload_id, lease_owner
         from uploads
         where state = 'open' and lease_owner is not null and lease_until > $1",
        [since.into()],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// Open sessions past their time that no request has, at most `limit`.
pub async fn list_expired(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<Vec<String>> {
    // ix_uploads_expires
    conn.all(
        "select upload_id
         from uploads
         where expires_at < $1 and state = 'open' and lease_until < $1
         order by expires_at
         limit $2",
        [now.into(), limit.into()],
        |row| row.text(0),
    )
    .await
}
