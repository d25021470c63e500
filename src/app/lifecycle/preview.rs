//! Previews: what a policy would do, without doing it. A preview is asked for by a row, some process works on it in the
//! background, and its results are rows, so that every process can answer.
//!
//! Whoever works on a preview holds a lease in its row. When a process dies another one takes the preview over, under a
//! new run: rows of the old run are nobody's, and are swept.

use std::future::Future;
use std::time::Duration;

use store::lifecycle_preview_results::{self as results, ResultRow, Tagged};
use store::lifecycle_previews::{self as previews, LifecyclePreviewRow, Status};
use store::{Pending, lifecycle_policies};
use types::Timestamp;

use super::{LifecyclePolicy, RuleAction, check, decide, unknown};
use crate::images::{self as repository_images, ImageId};
use crate::{Action, App, Ctx, Error, Permit, Result, page_token, repositories};

pub use store::lifecycle_preview_results::{ResultRow as Item, Tagged as TagStatus};
pub use store::lifecycle_previews::Status as PreviewStatus;

/// How long a process may be silent before another takes its preview over.
const LEASE: Duration = Duration::from_secs(30);
/// Results of one transaction, so that it is short.
const BATCH: usize = 1000;
/// How long results are kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Asks for a preview of a policy, or of the one that the repository has. Returns the policy.
pub async fn start(ctx: &Ctx, permit: &Permit, text: Option<&str>) -> Result<String> {
    permit.require(Action::StartLifecyclePolicyPreview)?;
    if let Some(text) = text {
        check(text)?;
    }
    let (permit, text, run_id, now) = (permit.clone(), text.map(str::to_owned), ctx.app.new_id(), ctx.app.now());
    let text = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::lock(conn, &permit).await?;
                let id = &repository.repository_id;
                let text = match text {
                    Some(text) => text,
                    None => lifecycle_policies::find(conn, id).await?.ok_or_else(|| unknown(&permit))?.document,
                };
                if !previews::insert(conn, id, &run_id, &text, now).await? {
                    let (registry, repository) = (repository.registry, repository.name);
                    return Err(Error::LifecyclePreviewInProgress { registry, repository });
                }
                Ok(text)
            }) as Pending<'_, String, Error>
        })
        .await?;
    ctx.app.previews.notify_one();
    Ok(text)
}

/// How a preview stands.
#[derive(Debug)]
pub struct Preview {
    /// The policy that is tried.
    pub text: String,
    /// How far it has come.
    pub status: Status,
    /// Images that would be deleted, once it is complete.
    pub expiring: u64,
    /// Images that would be archived, once it is complete.
    pub transitioning: u64,
    /// Some of the images that would go.
    pub items: Vec<ResultRow>,
    /// Names the next page of them, if there is one.
    pub next_token: Option<String>,
}

/// Which results are wanted.
#[derive(Debug)]
pub enum Wanted {
    /// Those of these images.
    Images(Vec<ImageId>),
    /// A page of them.
    Page {
        /// With or without tags.
        tagged: Tagged,
        /// Names the page; the first if there is none.
        next_token: Option<String>,
        /// How many at most.
        limit: usize,
    },
}

/// The last preview of a repository, with some of its results.
pub async fn get(ctx: &Ctx, permit: &Permit, wanted: &Wanted) -> Result<Preview> {
    permit.require(Action::GetLifecyclePolicyPreview)?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let row = previews::find(&mut conn, &repository.repository_id).await?.ok_or_else(|| {
        Error::LifecyclePreviewUnknown { registry: permit.registry().clone(), repository: permit.repository().clone() }
    })?;
    let mut preview = Preview {
        text: row.document,
        status: row.status,
        expiring: row.expiring_count,
        transitioning: row.transitioning_count,
        items: Vec::new(),
        next_token: None,
    };
    if row.status != Status::Complete {
        return Ok(preview);
    }
    match wanted {
        Wanted::Images(ids) => {
            // What names no image is left out: the operation has no failure for it.
            let found = repository_images::resolve(&mut conn, &repository.repository_id, ids).await?;
            let digests: Vec<_> = found.into_iter().flatten().collect();
            preview.items = results::find_all(&mut conn, &row.run_id, &digests).await?;
        }
        Wanted::Page { tagged, next_token, limit } => {
            // A preview that was started again since has other results, which a token of the old one does not open.
            let list = format!("lifecycle preview {} {tagged:?}", row.run_id);
            let after = page_token::open_next(&ctx.app, &list, next_token.as_deref())?.unwrap_or_default();
            let mut items = results::list(&mut conn, &row.run_id, *tagged, after, limit + 1).await?;
            if items.len() > *limit {
                items.truncate(*limit);
                let last = items.last().map_or(0, |item| item.position);
                preview.next_token = Some(page_token::seal(&ctx.app, &list, &last)?);
            }
            preview.items = items;
        }
    }
    Ok(preview)
}

/// Works on one preview that somebody asked for and nobody works on. Whether there was one.
pub async fn run_next(app: &App) -> Result<bool> {
    let (run_id, now) = (app.new_id(), app.now());
    let until = now.after(LEASE);
    let claimed = app
        .db
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(previews::claim(conn, &run_id, now, until).await?) })
                as Pending<'_, Option<LifecyclePreviewRow>, Error>
        })
        .await?;
    let Some(preview) = claimed else {
        return Ok(false);
    };
    match LifecyclePolicy::parse(&preview.document) {
        Ok(policy) => match hold(app, &preview.run_id, run(app, &preview, &policy, now)).await {
            Ok(()) => {}
            // Somebody tries again once the lease has run out.
            Err(error @ (Error::Unavailable(_) | Error::NoSpace)) => return Err(error),
            Err(error) => {
                tracing::error!(%error, preview.run_id, "a lifecycle preview failed");
                end(app, &preview.run_id, Status::Failed, 0, 0).await?;
            }
        },
        Err(error) => {
            // It was valid when it was stored: it was written by a newer program.
            tracing::error!(%error, "the policy of a lifecycle preview cannot be read");
            end(app, &preview.run_id, Status::Failed, 0, 0).await?;
        }
    }
    Ok(true)
}

/// Prolongs the lease of a preview while somebody works on it. Whose lease is lost stops.
async fn hold(app: &App, run_id: &str, work: impl Future<Output = Result<()>>) -> Result<()> {
    let prolong = async {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            let (run_id, until) = (run_id.to_owned(), app.now().after(LEASE));
            let held = app.db.write_in_background(move |conn| {
                Box::pin(async move { Ok(previews::update_lease(conn, &run_id, until).await?) })
                    as Pending<'_, bool, Error>
            });
            if let Ok(false) = held.await {
                return;
            }
        }
    };
    tokio::select! {
        done = work => done,
        () = prolong => {
            tracing::info!(preview.run_id = run_id, "a lifecycle preview was taken over, or its repository is gone");
            Ok(())
        }
    }
}

async fn run(app: &App, preview: &LifecyclePreviewRow, policy: &LifecyclePolicy, now: Timestamp) -> Result<()> {
    let (images, evaluation) = decide(app, &preview.repository_id, policy.clone(), now).await?;
    for (batch, taken) in (0_i64..).zip(evaluation.taken.chunks(BATCH)) {
        let first = batch * i64::try_from(BATCH).unwrap_or_default() + 1;
        let rows: Vec<ResultRow> = (first..)
            .zip(taken)
            .map(|(position, taken)| {
                let image = &images[taken.image];
                ResultRow {
                    position,
                    digest: image.digest.clone(),
                    tags: image.tags.iter().map(|tag| tag.as_str().to_owned()).collect(),
                    pushed_at: image.pushed_at,
                    storage_class: image.storage_class.as_str().to_owned(),
                    action: taken.action.as_str().to_owned(),
                    rule_priority: i64::from(taken.rule),
                }
            })
            .collect();
        let (run_id, until) = (preview.run_id.clone(), app.now().after(LEASE));
        let held = app
            .db
            .write_in_background(move |conn| {
                Box::pin(async move {
                    if !previews::update_lease(conn, &run_id, until).await? {
                        return Ok(false);
                    }
                    results::insert(conn, &run_id, &rows).await?;
                    Ok(true)
                }) as Pending<'_, bool, Error>
            })
            .await?;
        if !held {
            tracing::info!(preview.run_id, "a lifecycle preview was taken over, or its repository is gone");
            return Ok(());
        }
    }
    let of = |action| evaluation.taken.iter().filter(|taken| taken.action == action).count();
    end(app, &preview.run_id, Status::Complete, of(RuleAction::Expire), of(RuleAction::Transition)).await
}

async fn end(app: &App, run_id: &str, status: Status, expiring: usize, transitioning: usize) -> Result<()> {
    let (run_id, now) = (run_id.to_owned(), app.now());
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move {
                previews::update_end(conn, &run_id, status, expiring, transitioning, now).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Removes results whose time is over, and those that no preview refers to.
pub async fn sweep(app: &App) -> Result<()> {
    let before = app.now().before(KEPT);
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(previews::update_expired(conn, before).await?) }) as Pending<'_, u64, Error>
        })
        .await?;
    let mut run = String::new();
    loop {
        let mut conn = app.db.reader().await?;
        let Some(next) = results::find_next_run(&mut conn, &run).await? else {
            return Ok(());
        };
        let wanted = previews::contains(&mut conn, &next).await?;
        drop(conn);
        run = next;
        if !wanted {
            remove_results(app, &run).await?;
        }
    }
}

async fn remove_results(app: &App, run_id: &str) -> Result<()> {
    loop {
        let run_id = run_id.to_owned();
        let removed = app
            .db
            .write_in_background(move |conn| {
                Box::pin(async move { Ok(results::delete(conn, &run_id, BATCH).await?) }) as Pending<'_, u64, Error>
            })
            .await?;
        if removed == 0 {
            return Ok(());
        }
    }
}

/// Waits until somebody in this process asks for a preview.
pub async fn asked_for(app: &App) {
    app.previews.notified().await;
}
