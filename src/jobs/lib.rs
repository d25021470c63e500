//! Background work. Each job is a reconciler: it looks at what is, compares with what should be, and acts; waking it
//! only makes it sooner. A lease in the database decides which process does it, so any process may die at any time.

mod leftovers;
mod lifecycle_previews;
mod removals;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use app::lifecycle::preview;
use app::{App, Result, audit, key_uses, pulls, repositories, uploads};
use store::Pending;
use tokio::task::JoinSet;
use uuid::Uuid;

/// How often the authorization data is looked at: what one process changes, all obey within seconds.
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// How often the pulls and the uses of access keys that this process saw are written.
const RECORD_EVERY: Duration = Duration::from_secs(5);
const EXPIRE_EVERY: Duration = Duration::from_secs(20);
const REMOVE_EVERY: Duration = Duration::from_secs(10);
const SWEEP_PREVIEWS_EVERY: Duration = Duration::from_secs(600);
const REMOVE_REPOSITORIES_EVERY: Duration = Duration::from_secs(10);
const DISCARD_EVENTS_EVERY: Duration = Duration::from_secs(600);
const LEFTOVERS_EVERY: Duration = Duration::from_secs(3600);

/// Runs all jobs until the returned set is dropped.
pub fn start(app: &Arc<App>) -> JoinSet<()> {
    let owner: Arc<str> = Uuid::new_v4().to_string().into();
    let mut jobs = JoinSet::new();
    let own = Arc::clone(app);
    jobs.spawn(async move {
        loop {
            tokio::time::sleep(REFRESH_EVERY).await;
            if let Err(error) = own.refresh().await {
                tracing::warn!(%error, "users and policies could not be looked at");
            }
        }
    });
    // Without a lease: each process has seen pulls and uses of its own.
    let own = Arc::clone(app);
    jobs.spawn(async move {
        loop {
            tokio::time::sleep(RECORD_EVERY).await;
            if let Err(error) = key_uses::flush(&own).await {
                tracing::warn!(%error, "the last uses of access keys could not be recorded");
            }
            if let Err(error) = pulls::flush(&own).await {
                tracing::warn!(%error, "the last pulls could not be recorded");
            }
        }
    });
    jobs.spawn(repeat("remove deleted repositories", REMOVE_REPOSITORIES_EVERY, app, &owner, |app| async move {
        repositories::remove_deleted(&app).await
    }));
    jobs.spawn(repeat("expire uploads", EXPIRE_EVERY, app, &owner, |app| async move {
        uploads::expire(&app).await.map(|ended| ended > 0)
    }));
    jobs.spawn(lifecycle_previews::run(Arc::clone(app)));
    jobs.spawn(repeat("sweep lifecycle previews", SWEEP_PREVIEWS_EVERY, app, &owner, |app| async move {
        preview::sweep(&app).await.map(|()| false)
    }));
    jobs.spawn(repeat("remove objects", REMOVE_EVERY, app, &owner, |app| async move { removals::run(&app).await }));
    jobs.spawn(repeat("discard events", DISCARD_EVENTS_EVERY, app, &owner, |app| async move {
        audit::discard_old(&app).await
    }));
    jobs.spawn(repeat(
        "discard leftovers",
        LEFTOVERS_EVERY,
        app,
        &owner,
        |app| async move { leftovers::run(&app).await },
    ));
    jobs
}

/// Does `work` every so often while this process has the lease, and again at once while there is more to do.
fn repeat<F, W>(
    name: &'static str,
    every: Duration,
    app: &Arc<App>,
    owner: &Arc<str>,
    work: F,
) -> impl Future<Output = ()> + Send + 'static
where
    F: Fn(Arc<App>) -> W + Send + 'static,
    W: Future<Output = Result<bool>> + Send,
{
    let (app, owner) = (Arc::clone(app), Arc::clone(owner));
    async move {
        loop {
            tokio::time::sleep(every).await;
            loop {
                let more = match claim(&app, name, &owner, every).await {
                    Ok(true) => work(Arc::clone(&app)).await,
                    Ok(false) => Ok(false),
                    Err(error) => Err(error),
                };
                match more {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(job = name, %error, "a background job failed and will be tried again");
                        break;
                    }
                }
            }
        }
    }
}

async fn claim(app: &App, name: &'static str, owner: &Arc<str>, every: Duration) -> Result<bool> {
    let (now, owner) = (app.now(), Arc::clone(owner));
    let until = now.after(every * 2);
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(store::leases::claim(conn, name, &owner, now, until).await?) })
                as Pending<'_, bool, app::Error>
        })
        .await
}
