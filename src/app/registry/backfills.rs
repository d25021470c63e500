//! Backfills as the API sees them: they are begun, stopped, listed and looked into. [`crate::replication::backfill`] does
//! the work.

pub use store::replication_backfill_items::BackfillItemRow;
pub use store::replication_backfills::ReplicationBackfillRow;
use store::{Conn, Pending, jobs, replication_backfill_items as items, replication_backfills as backfills};
use types::{RegistryId, Timestamp};

use super::check::{one_of, pattern};
use super::replication::{ReplicationDestination, current};
use super::{List, Page};
use crate::replication::backfill::JOB;
use crate::{Action, Ctx, Error, Grant, Result, page_token};

/// Backfills of a registry that may be under way at once, as on ECR.
const MOST: u64 = 10;

/// Begins a backfill to a destination of the replication configuration.
pub async fn start(ctx: &Ctx, grant: &Grant, destination: &ReplicationDestination) -> Result<ReplicationBackfillRow> {
    grant.require(Action::StartReplicationBackfill.as_str())?;
    destination.check(ctx)?;
    let configured = current(ctx).await?.rules.into_iter().flat_map(|rule| rule.destinations);
    let known = configured.into_iter().any(|known| known == *destination);
    let Some(to) = destination.registry().filter(|_| known) else {
        return Err(Error::Validation(format!(
            "The destination registry {} in {} is not in the replication configuration of the registry with id '{}'",
            destination.registry_id, destination.region, ctx.registry.account
        )));
    };
    let ids = (ctx.app.new_uuid(), ctx.app.new_id());
    let (registry, now) = (ctx.registry.clone(), ctx.app.now());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let (backfill_id, job_id) = ids;
                if !backfills::insert(conn, &backfill_id, &registry, &to, now).await? {
                    return Err(Error::BackfillInProgress { registry, destination: to });
                }
                if backfills::count_open(conn, &registry, MOST + 1).await? > MOST {
                    return Err(Error::LimitExceeded(format!(
                        "The registry with id '{}' has {MOST} replication backfills in progress, which is the limit",
                        registry.account
                    )));
                }
                jobs::upsert(conn, &job_id, JOB, &backfill_id, now).await?;
                require(conn, &registry, &backfill_id).await
            }) as Pending<'_, ReplicationBackfillRow, Error>
        })
        .await
}

/// Stops a backfill: what has begun comes to its end, and nothing more begins.
pub async fn stop(ctx: &Ctx, grant: &Grant, backfill_id: &str) -> Result<ReplicationBackfillRow> {
    grant.require(Action::StopReplicationBackfill.as_str())?;
    check(backfill_id)?;
    let (registry, id) = (ctx.registry.clone(), backfill_id.to_ascii_lowercase());
    let (job_id, now) = (ctx.app.new_id(), ctx.app.now());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let row = require(conn, &registry, &id).await?;
                if row.is_over() {
                    return Err(Error::BackfillEnded { id, status: row.status });
                }
                // Nothing has begun while images are collected.
                if !backfills::update_status(conn, &id, "PREPARING", "STOPPED", None, Some(now)).await?
                    && backfills::update_status(conn, &id, "IN_PROGRESS", "STOPPING", None, None).await?
                {
                    jobs::upsert(conn, &job_id, JOB, &id, now).await?;
                }
                require(conn, &registry, &id).await
            }) as Pending<'_, ReplicationBackfillRow, Error>
        })
        .await
}

/// A page of the backfills of the registry, the latest first.
pub async fn list(
    ctx: &Ctx,
    grant: &Grant,
    next_token: Option<&str>,
    limit: usize,
) -> Result<Page<ReplicationBackfillRow>> {
    grant.require(Action::ListReplicationBackfills.as_str())?;
    let name = List::new(ctx, "replication backfills").name;
    let place: Option<(i64, String)> = page_token::open_next(&ctx.app, &name, next_token)?;
    // Behind every id, and later than any time.
    let (at, id) = place.unwrap_or((i64::MAX, "~".to_owned()));
    let mut conn = ctx.app.db.reader().await?;
    let mut found = backfills::list(&mut conn, &ctx.registry, (Timestamp::from_micros(at), &id), limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_token = match found.last().filter(|_| more) {
        Some(last) => Some(page_token::seal(&ctx.app, &name, &(last.started_at.micros(), last.backfill_id.as_str()))?),
        None => None,
    };
    Ok(Page { items: found, next_token })
}

/// A backfill, and a page of what came of its images once it is over: those of one status, or first those that were
/// replicated.
pub async fn results(
    ctx: &Ctx,
    grant: &Grant,
    backfill_id: &str,
    status: Option<&str>,
    next_token: Option<&str>,
    limit: usize,
) -> Result<(ReplicationBackfillRow, Page<BackfillItemRow>)> {
    grant.require(Action::DescribeReplicationBackfillResults.as_str())?;
    check(backfill_id)?;
    let statuses: &[&str] = match status {
        None => &["COMPLETE", "FAILED"],
        Some(status) => {
            one_of("resultStatusFilter", status, &["COMPLETE", "FAILED"])?;
            if status == "COMPLETE" { &["COMPLETE"] } else { &["FAILED"] }
        }
    };
    let id = backfill_id.to_ascii_lowercase();
    let list = format!("results of backfill {id} {statuses:?}");
    type Place = (String, String, String, String);
    let place: Option<Place> = page_token::open_next(&ctx.app, &list, next_token)?;
    let mut conn = ctx.app.db.reader().await?;
    let row = require(&mut conn, &ctx.registry, &id).await?;
    let mut found: Vec<BackfillItemRow> = Vec::new();
    if row.is_over() {
        let begin = place.as_ref().and_then(|place| statuses.iter().position(|status| *status == place.0)).unwrap_or(0);
        for (at, status) in statuses.iter().enumerate().skip(begin) {
            let after = match &place {
                Some((_, repository, digest, tag)) if at == begin => {
                    (repository.as_str(), digest.as_str(), tag.as_str())
                }
                _ => ("", "", ""),
            };
            let room = limit + 1 - found.len();
            found.extend(items::list(&mut conn, &id, status, after, room).await?);
            if found.len() > limit {
                break;
            }
        }
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next_token = match found.last().filter(|_| more) {
        Some(last) => {
            let place = (&last.status, last.repository.as_str(), last.digest.as_str(), &last.tag);
            Some(page_token::seal(&ctx.app, &list, &place)?)
        }
        None => None,
    };
    Ok((row, Page { items: found, next_token }))
}

/// A backfill of the registry, which must exist.
async fn require(conn: &mut Conn, registry: &RegistryId, id: &str) -> Result<ReplicationBackfillRow> {
    let found = backfills::find(conn, id).await?.filter(|row| row.registry == *registry);
    found.ok_or_else(|| Error::BackfillUnknown { registry: registry.clone(), id: id.to_owned() })
}

fn check(id: &str) -> Result<()> {
    let is_uuid = id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    pattern(
        "replicationBackfillId",
        is_uuid,
        "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    )
}
