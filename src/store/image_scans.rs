//! Table `image_scans`: the last scan of each image.

use types::{Digest, RegistryId, Timestamp};

use crate::conn::count;
use crate::row::Row;
use crate::{Conn, Error, Result};

/// How far a scan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Some process is at it, or will be.
    InProgress,
    /// Its findings are there.
    Complete,
    /// It cannot be done.
    Failed,
}

impl Status {
    /// As ECR spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        [Self::InProgress, Self::Complete, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| Error::Damaged { column: "status", reason: format!("'{text}' is unknown") })
    }
}

/// A scan.
#[derive(Debug, Clone)]
pub struct ImageScanRow {
    /// In which repository the image is.
    pub repository_id: String,
    /// The image.
    pub digest: Digest,
    /// Names the findings that count.
    pub run_id: String,
    /// How far it has come.
    pub status: Status,
    /// What there is to say about that.
    pub description: String,
    /// What the image holds, once it is known.
    pub packages: Option<String>,
    /// Findings by severity.
    pub counts: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When its findings were last found.
    pub completed_at: Option<Timestamp>,
    /// When the advisories were last imported that it was matched with.
    pub source_updated_at: Option<Timestamp>,
    /// The count of imports that it was matched after; none if there is nothing to match.
    pub matched_version: Option<i64>,
}

fn read(row: &Row) -> Result<ImageScanRow> {
    let matched = row.optional_time(10)?;
    Ok(ImageScanRow {
        repository_id: row.text(0)?,
        digest: row.parsed(1, "digest")?,
        run_id: row.text(2)?,
        status: Status::parse(&row.text(3)?)?,
        description: row.text(4)?,
        packages: row.optional_text(5)?,
        counts: row.text(6)?,
        requested_at: row.time(7)?,
        completed_at: row.optional_time(8)?,
        source_updated_at: row.optional_time(9)?,
        matched_version: matched.map(Timestamp::micros),
    })
}

/// The scan of an image.
pub async fn find(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<Option<ImageScanRow>> {
    conn.optional(
        "select repository_id, digest, run_id, status, description, packages, counts, requested_at, completed_at,
                source_updated_at, matched_version
         from image_scans
         where repository_id = $1 and digest = $2",
        [repository_id.into(), digest.into()],
        read,
    )
    .await
}

/// Asks for a scan in place of the one before, unless that was asked for after `since`, or is under way. False then.
pub async fn insert(
    conn: &mut Conn,
    repository_id: &str,
    digest: &Digest,
    run_id: &str,
    now: Timestamp,
    since: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into image_scans (repository_id, digest, run_id, status, description, counts, requested_at)
             values ($1, $2, $3, 'IN_PROGRESS', '', '{}', $4)
             on conflict (repository_id, digest) do update
             set status = excluded.status, description = excluded.description, requested_at = excluded.requested_at,
                 matched_version = null
             where image_scans.requested_at <= $5 and image_scans.status <> 'IN_PROGRESS'",
            [repository_id.into(), digest.into(), run_id.into(), now.into(), since.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// How a scan ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Names its findings.
    pub run_id: String,
    /// Complete or failed.
    pub status: Status,
    /// What there is to say about that.
    pub description: String,
    /// What the image holds; none if it is not known.
    pub packages: Option<String>,
    /// Findings by severity.
    pub counts: String,
    /// When.
    pub completed_at: Timestamp,
    /// When the advisories were last imported.
    pub source_updated_at: Option<Timestamp>,
    /// The count of imports; none if there is nothing to match.
    pub matched_version: Option<i64>,
}

/// Notes how the scan of an image ended, if its findings are still those of `run_id`. False if they are not, or the image
/// is gone.
pub async fn update_end(
    conn: &mut Conn,
    repository_id: &str,
    digest: &Digest,
    run_id: &str,
    outcome: &Outcome,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update image_scans
             set run_id = $4, status = $5, description = $6, packages = $7, counts = $8, completed_at = $9,
                 source_updated_at = $10, matched_version = $11
             where repository_id = $1 and digest = $2 and run_id = $3",
            [
                repository_id.into(),
                digest.into(),
                run_id.into(),
                (&outcome.run_id).into(),
                outcome.status.as_str().into(),
                (&outcome.description).into(),
                outcome.packages.clone().into(),
                (&outcome.counts).into(),
                outcome.completed_at.into(),
                outcome.source_updated_at.into(),
                outcome.matched_version.map(Timestamp::from_micros).into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// How many scans were asked for since a time in a registry, counting no further than `limit`.
pub async fn count_requested(conn: &mut Conn, registry: &RegistryId, since: Timestamp, limit: u64) -> Result<u64> {
    // ix_image_scans_requested, pk_repositories: the scans first, or SQLite goes through all repositories of the registry.
    count(
        conn,
        "select count(*)
         from (
             select 1
             from image_scans
             cross join repositories
             where image_scans.requested_at > $1
               and repositories.repository_id = image_scans.repository_id
               and repositories.account_id = $2 and repositories.region = $3
             limit $4
         ) counted",
        [since.into(), (&registry.account).into(), (&registry.region).into(), limit.into()],
    )
    .await
}

/// Scans that were matched before this count of imports, at most `limit`.
pub async fn list_matched_before(conn: &mut Conn, version: i64, limit: usize) -> Result<Vec<ImageScanRow>> {
    // ix_image_scans_matched
    conn.all(
        "select repository_id, digest, run_id, status, description, packages, counts, requested_at, completed_at,
                source_updated_at, matched_version
         from image_scans
         where matched_version < $1
         order by matched_version, repository_id, digest
         limit $2",
        [version.into(), limit.into()],
        read,
    )
    .await
}

/// Scans after one, by repository and digest, whose images are gone: repository, digest and run, at most `limit`.
pub async fn list_gone(conn: &mut Conn, after: (&str, &str), limit: usize) -> Result<Vec<(String, Digest, String)>> {
    // pk_image_scans, pk_manifests: a walk over the scans.
    conn.all(
        "select repository_id, digest, run_id
         from image_scans
         where (repository_id, digest) > ($1, $2) and not exists (
             select 1
             from manifests image
             where image.repository_id = image_scans.repository_id and image.digest = image_scans.digest)
         order by repository_id, digest
         limit $3",
        [after.0.into(), after.1.into(), limit.into()],
        |row| Ok((row.text(0)?, row.parsed(1, "digest")?, row.text(2)?)),
    )
    .await
}

/// Removes a scan, if its image is gone.
pub async fn delete_gone(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from image_scans
             where repository_id = $1 and digest = $2 and not exists (
                 select 1
                 from manifests image
                 where image.repository_id = image_scans.repository_id and image.digest = image_scans.digest)",
            [repository_id.into(), digest.into()],
        )
        .await?;
    Ok(rows == 1)
}
