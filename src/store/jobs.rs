//! Table `jobs`: background work, once or again and again.

use types::Timestamp;

use crate::conn::{Lock, count};
use crate::row::Row;
use crate::value::list as list_of;
use crate::{Conn, Result};

/// A thing to do.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// Names it.
    pub job_id: String,
    /// What is done.
    pub kind: String,
    /// To what; empty where there is only one.
    pub subject: String,
    /// Not before.
    pub due_at: Timestamp,
    /// Attempts that failed since the last that did not.
    pub attempts: u64,
    /// Until when somebody is at it; in the past when nobody is.
    pub lease_until: Timestamp,
    /// Why the last attempt failed, if it did.
    pub last_error: Option<String>,
    /// When the last attempt ended.
    pub last_run_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<JobRow> {
    Ok(JobRow {
        job_id: row.text(0)?,
        kind: row.text(1)?,
        subject: row.text(2)?,
        due_at: row.time(3)?,
        attempts: row.size(4)?,
        lease_until: row.time(5)?,
        last_error: row.optional_text(6)?,
        last_run_at: row.optional_time(7)?,
    })
}

/// Puts a job down, to be done at `due_at`. One that is there already is done at that time if that is sooner. One that
/// somebody is at is done once more, whenever that is: the end of a lease is what tells the two apart, so a time after it, of
/// somebody who wants it later or whose clock is ahead, is brought before it.
pub async fn upsert(conn: &mut Conn, job_id: &str, kind: &str, subject: &str, due_at: Timestamp) -> Result<()> {
    conn.execute(
        "insert into jobs (job_id, kind, subject, due_at, attempts, lease_until, created_at)
         values ($1, $2, $3, $4, 0, 0, $4)
         on conflict (kind, subject) do update
         set due_at = case when excluded.due_at < jobs.due_at then excluded.due_at else jobs.lease_until - 1 end
         where jobs.due_at > excluded.due_at
            or (jobs.lease_owner is not null and jobs.due_at >= jobs.lease_until)",
        [job_id.into(), kind.into(), subject.into(), due_at.into()],
    )
    .await?;
    Ok(())
}

/// Puts jobs of a kind down, one for each subject, as [`upsert`] does. `prefix` is one that was never used before; with the
/// subject it names each job.
pub async fn upsert_all(
    conn: &mut Conn,
    prefix: &str,
    kind: &str,
    subjects: impl IntoIterator<Item = &str>,
    due_at: Timestamp,
) -> Result<()> {
    // By subject, as in `lock`.
    conn.execute(
        "insert into jobs (job_id, kind, subject, due_at, attempts, lease_until, created_at)
         select $1 || value, $2, value, $4, 0, 0, $4
         from json_each($3)
         where true
         order by value
         on conflict (kind, subject) do update
         set due_at = case when excluded.due_at < jobs.due_at then excluded.due_at else jobs.lease_until - 1 end
         where jobs.due_at > excluded.due_at
            or (jobs.lease_owner is not null and jobs.due_at >= jobs.lease_until)",
        [prefix.into(), kind.into(), list_of(subjects), due_at.into()],
    )
    .await?;
    Ok(())
}

/// Puts a job down unless it is there already.
pub async fn insert(conn: &mut Conn, job_id: &str, kind: &str, subject: &str, due_at: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into jobs (job_id, kind, subject, due_at, attempts, lease_until, created_at)
             values ($1, $2, $3, $4, 0, 0, $4)
             on conflict (kind, subject) do nothing",
            [job_id.into(), kind.into(), subject.into(), due_at.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// When the last attempt at a job ended, if there was one.
pub async fn find_last_run(conn: &mut Conn, kind: &str, subject: &str) -> Result<Option<Timestamp>> {
    // uq_jobs_subject
    let found = conn
        .optional(
            "select last_run_at
             from jobs
             where kind = $1 and subject = $2",
            [kind.into(), subject.into()],
            |row| row.optional_time(0),
        )
        .await?;
    Ok(found.flatten())
}

/// Whether a job of a kind is due that nobody is at. Those whose subjects end as `spared` says do not count.
pub async fn is_due(conn: &mut Conn, kind: &str, now: Timestamp, spared: &[String]) -> Result<bool> {
    // ix_jobs_due. The order has Postgres use it: one row, it thinks, is soon found in the table.
    let found = conn
        .optional(
            "select 1
             from jobs
             where kind = $1 and due_at <= $2 and lease_until <= $2
               and not exists (select 1 from json_each($3) where subject like '%' || value)
             order by due_at
             limit 1",
            [kind.into(), now.into(), list_of(spared.iter().map(String::as_str))],
            |_| Ok(()),
        )
        .await?;
    Ok(found.is_some())
}

/// Takes jobs of a kind that are due and that nobody is at, the longest overdue first, at most `limit`, and none whose subject
/// ends as `spared` says.
pub async fn claim(
    conn: &mut Conn,
    kind: &str,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
    spared: &[String],
) -> Result<Vec<JobRow>> {
    // ix_jobs_due
    let found = conn
        .all_locked(
            "select job_id, kind, subject, due_at, attempts, lease_until, last_error, last_run_at
             from jobs
             where kind = $1 and due_at <= $2 and lease_until <= $2
               and not exists (select 1 from json_each($4) where subject like '%' || value)
             order by due_at
             limit $3",
            Lock::UpdateUnlessLocked,
            [kind.into(), now.into(), limit.into(), list_of(spared.iter().map(String::as_str))],
            read,
        )
        .await?;
    if found.is_empty() {
        return Ok(found);
    }
    // Who wants it sooner than the lease ends wants it again: `update_done` sees that.
    conn.execute(
        "update jobs
         set lease_owner = $2, lease_until = $3, due_at = $3
         where job_id in (select value from json_each($1))",
        [list_of(found.iter().map(|job| job.job_id.as_str())), owner.into(), until.into()],
    )
    .await?;
    Ok(found)
}

/// Holds jobs that one is at until the end of the transaction, in the order in which everybody takes several: so nobody waits
/// for somebody who waits for him. Before they are changed one after the other.
pub async fn lock(conn: &mut Conn, job_ids: &[&str], owner: &str) -> Result<()> {
    // pk_jobs
    conn.all_locked(
        "select job_id
         from jobs
         where job_id in (select value from json_each($1)) and lease_owner = $2
         order by subject",
        Lock::NoKeyUpdate,
        [list_of(job_ids.iter().copied()), owner.into()],
        |_| Ok(()),
    )
    .await?;
    Ok(())
}

/// Keeps jobs that one is at. How many still are one's own: the others are somebody else's by now, or gone.
pub async fn update_lease(conn: &mut Conn, job_ids: &[&str], owner: &str, until: Timestamp) -> Result<u64> {
    conn.execute(
        "update jobs
         set lease_until = $3, due_at = case when due_at < lease_until then due_at else $3 end
         where job_id in (select value from json_each($1)) and lease_owner = $2",
        [list_of(job_ids.iter().copied()), owner.into(), until.into()],
    )
    .await
}

/// Gives jobs back after an attempt that did what it should, to be done again at `due_at`. Whoever wanted one sooner
/// meanwhile gets it sooner. How many were still one's own.
pub async fn update_done(
    conn: &mut Conn,
    job_ids: &[&str],
    owner: &str,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<u64> {
    conn.execute(
        "update jobs
         set due_at = case when due_at < lease_until then due_at else $3 end,
             attempts = 0, lease_owner = null, lease_until = 0, last_error = null, last_run_at = $4
         where job_id in (select value from json_each($1)) and lease_owner = $2",
        [list_of(job_ids.iter().copied()), owner.into(), due_at.into(), now.into()],
    )
    .await
}

/// Gives a job back after an attempt that failed, to be tried again at `due_at`.
pub async fn update_failed(
    conn: &mut Conn,
    job_id: &str,
    owner: &str,
    error: &str,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update jobs
             set due_at = $4, attempts = attempts + 1, lease_owner = null, lease_until = 0, last_error = $3,
                 last_run_at = $5
             where job_id = $1 and lease_owner = $2",
            [job_id.into(), owner.into(), error.into(), due_at.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes a job that one is at and that is not to be done again, unless somebody wanted it meanwhile.
pub async fn delete(conn: &mut Conn, job_id: &str, owner: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from jobs
             where job_id = $1 and lease_owner = $2 and due_at >= lease_until",
            [job_id.into(), owner.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Jobs after the one of this kind and subject, in their order, at most `limit`.
pub async fn list(conn: &mut Conn, after: (&str, &str), limit: usize) -> Result<Vec<JobRow>> {
    // uq_jobs_subject
    conn.all(
        "select job_id, kind, subject, due_at, attempts, lease_until, last_error, last_run_at
         from jobs
         where (kind, subject) > ($1, $2)
         order by kind, subject
         limit $3",
        [after.0.into(), after.1.into(), limit.into()],
        read,
    )
    .await
}

/// How the jobs of a kind stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Jobs that are due.
    pub due: u64,
    /// Since when the one that is overdue longest is.
    pub overdue_since: Option<Timestamp>,
    /// Jobs whose last attempt failed.
    pub failing: u64,
}

/// How the jobs of a kind stand, counting no further than `limit`.
pub async fn depth(conn: &mut Conn, kind: &str, now: Timestamp, limit: usize) -> Result<Depth> {
    // ix_jobs_due
    let due = count(
        conn,
        "select count(*)
         from (
             select job_id
             from jobs
             where kind = $1 and due_at <= $2
             limit $3
         ) counted",
        [kind.into(), now.into(), limit.into()],
    )
    .await?;
    let overdue_since = conn
        .optional(
            "select due_at
             from jobs
             where kind = $1 and due_at <= $2
             order by due_at
             limit 1",
            [kind.into(), now.into()],
            |row| row.time(0),
        )
        .await?;
    let failing = count(
        conn,
        "select count(*)
         from (
             select job_id
             from jobs
             where kind = $1 and attempts > 0
             limit $2
         ) counted",
        [kind.into(), limit.into()],
    )
    .await?;
    Ok(Depth { due, overdue_since, failing })
}
