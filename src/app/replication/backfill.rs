//! The job of a backfill: it collects the images that are to be replicated, then asks for some of them at a time and notes
//! what comes of it, so that stopping it means something and a push does not stand behind all of the past. Everything that
//! it knows is in rows: whoever takes it over goes on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use store::replication_backfill_items::BackfillItemRow;
use store::replication_backfills::ReplicationBackfillRow;
use store::repositories::RepositoryRow;
use store::{
    Conn, Pending, manifests, replication_backfill_items as items, replication_backfills as backfills, replications,
    tags,
};
use types::{Digest, RegistryId, RepoName, Timestamp};

use super::awaken;
use crate::registry::replication::{self, ReplicationConfiguration};
use crate::{App, Error, Result};

/// The kind of job; its subject is the backfill.
pub const JOB: &str = "backfill replication";

/// Repositories of one look.
const REPOSITORIES: usize = 100;
/// Images that are collected in one transaction.
const IMAGES: usize = 200;
/// Images that are asked for at once.
const AT_ONCE: usize = 200;
/// How long a backfill is remembered after its end, as on ECR.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
const FORGET_BATCH: usize = 500;

/// Why an image cannot be replicated that was deleted meanwhile.
const GONE: &str = "ImageNotFound";

/// Works on a backfill. Whether it is over.
pub async fn run(app: &Arc<App>, backfill_id: &str) -> Result<bool> {
    loop {
        let found = backfills::find(&mut app.db().reader().await?, backfill_id).await?;
        let Some(row) = found else {
            return Ok(true);
        };
        match row.status.as_str() {
            "PREPARING" => prepare(app, &row).await?,
            "IN_PROGRESS" | "STOPPING" => {
                if !step(app, row).await? {
                    return Ok(false);
                }
            }
            _ => return Ok(true),
        }
    }
}

/// Collects the images of some repositories.
async fn prepare(app: &Arc<App>, row: &ReplicationBackfillRow) -> Result<()> {
    let mut conn = app.db().reader().await?;
    let names = store::repositories::list_names(&mut conn, &row.registry, &row.prepared, REPOSITORIES).await?;
    // Not from memory: there the configuration may be a second older than the backfill.
    let configuration = replication::of(&mut conn, &row.registry).await?.unwrap_or_default();
    drop(conn);
    if names.is_empty() {
        return prepared(app, row).await;
    }
    for name in names {
        let mut more = 0;
        if is_meant(&configuration, row, &name) {
            let mut conn = app.db().reader().await?;
            let repository = store::repositories::find(&mut conn, &row.registry, &name).await?;
            drop(conn);
            if let Some(repository) = repository {
                more = collect(app, row, &repository).await?;
            }
        }
        let (id, name) = (row.backfill_id.clone(), name.to_string());
        let goes_on = app
            .db()
            .write_in_background(move |conn| {
                Box::pin(async move { Ok(backfills::update_prepared(conn, &id, &name, more).await?) })
                    as Pending<'_, bool, Error>
            })
            .await?;
        if !goes_on {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether a rule of today replicates a repository to the destination.
fn is_meant(configuration: &ReplicationConfiguration, row: &ReplicationBackfillRow, name: &RepoName) -> bool {
    configuration.rules.iter().any(|rule| {
        let mut to = rule.destinations.iter().filter_map(|destination| destination.registry());
        rule.is_about(name) && to.any(|to| to == row.destination)
    })
}

/// Puts the images of a repository down, and says how many there are. Doing it again adds nothing.
async fn collect(app: &Arc<App>, row: &ReplicationBackfillRow, repository: &RepositoryRow) -> Result<u64> {
    let mut after = (Timestamp::from_micros(0), String::new());
    let mut total = 0;
    loop {
        let mut conn = app.db().reader().await?;
        let id = &repository.repository_id;
        let page = manifests::list_pushed(&mut conn, id, (after.0, &after.1), IMAGES).await?;
        let digests: Vec<&Digest> = page.iter().map(|image| &image.digest).collect();
        let names = tags::list_of_manifests(&mut conn, id, &digests).await?;
        drop(conn);
        let Some(last) = page.last() else {
            return Ok(total);
        };
        after = (last.pushed_at, last.digest.to_string());
        let mut found: Vec<(Digest, String)> =
            names.into_iter().map(|(digest, tag)| (digest, tag.to_string())).collect();
        let bare: Vec<Digest> = page
            .iter()
            .filter(|image| !found.iter().any(|(digest, _)| *digest == image.digest))
            .map(|image| image.digest.clone())
            .collect();
        found.extend(bare.into_iter().map(|digest| (digest, String::new())));
        total += found.len() as u64;
        let (backfill_id, repository) = (row.backfill_id.clone(), repository.clone());
        app.db()
            .write_in_background(move |conn| {
                Box::pin(async move {
                    for (digest, tag) in &found {
                        let (id, name) = (&repository.repository_id, &repository.name);
                        items::insert(conn, &backfill_id, id, name, digest, tag).await?;
                    }
                    Ok(())
                }) as Pending<'_, (), Error>
            })
            .await?;
    }
}

/// All images are collected.
async fn prepared(app: &App, row: &ReplicationBackfillRow) -> Result<()> {
    let id = row.backfill_id.clone();
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                backfills::update_status(conn, &id, "PREPARING", "IN_PROGRESS", None, None).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// What came of some images.
#[derive(Default)]
struct Counted {
    completed: u64,
    failed: u64,
    codes: Vec<String>,
}

impl Counted {
    async fn note(
        &mut self,
        conn: &mut Conn,
        backfill_id: &str,
        item: &BackfillItemRow,
        failure_code: Option<&str>,
    ) -> Result<()> {
        let status = if failure_code.is_some() { "FAILED" } else { "COMPLETE" };
        items::update_status(conn, backfill_id, item, status, failure_code).await?;
        match failure_code {
            None => self.completed += 1,
            Some(code) => {
                self.failed += 1;
                if !self.codes.iter().any(|known| known == code) {
                    self.codes.push(code.to_owned());
                }
            }
        }
        Ok(())
    }
}

/// Notes what came of the images that were asked for, and asks for more. Whether something may have changed that is worth
/// another look at once.
async fn step(app: &Arc<App>, row: ReplicationBackfillRow) -> Result<bool> {
    let own = Arc::clone(app);
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                let id = row.backfill_id.as_str();
                let mut counted = Counted { codes: row.failure_codes, ..Counted::default() };
                let queued = items::list_queued(conn, id, &row.destination, AT_ONCE).await?;
                let mut waiting_for = 0;
                for (item, replication) in &queued {
                    match replication {
                        None => counted.note(conn, id, item, Some(GONE)).await?,
                        Some((status, code)) => match status.as_str() {
                            "COMPLETE" => counted.note(conn, id, item, None).await?,
                            "FAILED" => {
                                counted
                                    .note(conn, id, item, Some(code.as_deref().unwrap_or("ReplicationFailed")))
                                    .await?;
                            }
                            "DELETING" => counted.note(conn, id, item, Some(GONE)).await?,
                            _ => waiting_for += 1,
                        },
                    }
                }
                let mut asked = 0;
                if row.status == "IN_PROGRESS" {
                    asked = ask_for_more(conn, &own, id, &row.destination, AT_ONCE - waiting_for, &mut counted).await?;
                }
                backfills::update_progress(conn, id, counted.completed, counted.failed, &counted.codes).await?;
                if waiting_for + asked > 0 {
                    return Ok(false);
                }
                // Those of a full look that failed at once have others behind them.
                let more =
                    row.status == "IN_PROGRESS" && !items::list(conn, id, "WAITING", ("", "", ""), 1).await?.is_empty();
                if !more {
                    let to = if row.status == "STOPPING" { "STOPPED" } else { "COMPLETE" };
                    backfills::update_status(conn, id, &row.status, to, None, Some(own.now())).await?;
                }
                Ok(true)
            }) as Pending<'_, bool, Error>
        })
        .await
}

/// Asks for images that wait, at most `room`. How many.
async fn ask_for_more(
    conn: &mut Conn,
    app: &App,
    backfill_id: &str,
    destination: &RegistryId,
    room: usize,
    counted: &mut Counted,
) -> Result<usize> {
    let waiting = items::list(conn, backfill_id, "WAITING", ("", "", ""), room).await?;
    // Held, so that a deletion that comes now forgets the replication too. First all images, then what is asked for, then the
    // jobs, as pushes and deletions do it: or they and this would wait for each other.
    let mut held = BTreeSet::new();
    for group in waiting.chunk_by(|one, next| one.repository_id == next.repository_id) {
        let digests: Vec<&Digest> = group.iter().map(|item| &item.digest).collect();
        let id = &group[0].repository_id;
        held.extend(manifests::lock(conn, id, &digests).await?.into_iter().map(|digest| (id.as_str(), digest)));
    }
    let (mut asked, mut repositories) = (0, BTreeSet::new());
    for item in &waiting {
        let id = item.repository_id.as_str();
        if !held.contains(&(id, item.digest.clone())) {
            counted.note(conn, backfill_id, item, Some(GONE)).await?;
            continue;
        }
        replications::upsert(conn, id, &item.digest, destination, "IN_PROGRESS", app.now()).await?;
        items::update_status(conn, backfill_id, item, "QUEUED", None).await?;
        repositories.insert(id);
        asked += 1;
    }
    for id in repositories {
        awaken(conn, app, id, destination).await?;
    }
    Ok(asked)
}

/// Forgets a backfill that ended long ago, or some of its images. Whether there may be more.
pub async fn forget(app: &App) -> Result<bool> {
    let before = app.now().before(KEPT);
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                let Some(id) = backfills::find_ended(conn, before).await? else {
                    return Ok(false);
                };
                if items::delete_some(conn, &id, FORGET_BATCH).await? == 0 {
                    backfills::delete(conn, &id).await?;
                }
                Ok(true)
            }) as Pending<'_, bool, Error>
        })
        .await
}
