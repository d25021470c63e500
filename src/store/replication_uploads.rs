//! Table `replication_uploads`: blobs on their way to registries of other installations, so that none is begun anew after
//! this program was killed.

use types::{Digest, RegistryId, Timestamp};

use crate::{Conn, Result};

/// Where the upload of a blob goes on, if it was begun.
pub async fn find(
    conn: &mut Conn,
    repository_id: &str,
    destination: &RegistryId,
    digest: &Digest,
) -> Result<Option<String>> {
    // pk_replication_uploads
    conn.optional(
        "select location
         from replication_uploads
         where repository_id = $1 and account_id = $2 and region = $3 and digest = $4",
        [repository_id.into(), (&destination.account).into(), (&destination.region).into(), digest.into()],
        |row| row.text(0),
    )
    .await
}

/// Notes where the upload of a blob goes on.
pub async fn upsert(
    conn: &mut Conn,
    repository_id: &str,
    destination: &RegistryId,
    digest: &Digest,
    location: &str,
    now: Timestamp,
) -> Result<()> {
    conn.execute(
        "insert into replication_uploads (repository_id, account_id, region, digest, location, began_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (repository_id, account_id, region, digest) do update
         set location = excluded.location, began_at = excluded.began_at",
        [
            repository_id.into(),
            (&destination.account).into(),
            (&destination.region).into(),
            digest.into(),
            location.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets an upload.
pub async fn delete(conn: &mut Conn, repository_id: &str, destination: &RegistryId, digest: &Digest) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from replication_uploads
             where repository_id = $1 and account_id = $2 and region = $3 and digest = $4",
            [repository_id.into(), (&destination.account).into(), (&destination.region).into(), digest.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Forgets the uploads of a repository to a destination: few are under way at once.
pub async fn delete_all(conn: &mut Conn, repository_id: &str, destination: &RegistryId) -> Result<u64> {
    // pk_replication_uploads
    conn.execute(
        "delete from replication_uploads
         where repository_id = $1 and account_id = $2 and region = $3",
        [repository_id.into(), (&destination.account).into(), (&destination.region).into()],
    )
    .await
}

/// Forgets the uploads of a repository to anywhere.
pub async fn delete_of_repository(conn: &mut Conn, repository_id: &str) -> Result<u64> {
    // pk_replication_uploads
    conn.execute("delete from replication_uploads where repository_id = $1", [repository_id.into()]).await
}
