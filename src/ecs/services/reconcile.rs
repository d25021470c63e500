//! The job of a service: see how it stands, decide, do it, and say when to look again. It is put down by everybody who
//! changes something about the service, so that nothing looks at services that rest.
//!
//! Many are looked at in one go, and nothing is held meanwhile: of most there is nothing to do, and they cost a share of a few
//! statements. Of the others, everything is read and decided anew in the transaction in which it is done.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use app::App;
use futures_util::stream;
use futures_util::{FutureExt, StreamExt};
use store::{Conn, clusters, service_deployments, service_events, service_tasks, services};
use types::Timestamp;

use super::apply::Application;
use super::balance::{self, Balanced};
use super::decide::model::{Action, Settings};
use super::look::{Seen, look, stand_one};
use super::{Service, decide, deploy_on_push, events, load};
use crate::clusters::Cluster;
use crate::error::{Error, Result};

/// The kind of the job. Its subject is the id of a service.
pub const JOB: &str = "reconcile services";

/// How long a service rests at most.
pub const EVERY: Duration = Duration::from_secs(600);

/// How many services are looked at in one go.
pub const AT_ONCE: usize = 50;

/// Of these, how many that have something to do are at it at the same time.
const SIDE_BY_SIDE: usize = 4;

/// How long a service rests at most that deploys what is pushed.
const LOOK_FOR_PUSHES: Duration = Duration::from_secs(3);

/// How many decisions one run of the job takes. A service that wants more of them waits for its turn.
const DECISIONS: usize = 20;

/// How long a deleted service can be described.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// After that time.
    In(Duration),
    /// There is nothing left to look at.
    Never,
}

/// Brings services nearer to what is wanted. What came of each, in their order.
pub async fn reconcile(app: &Arc<App>, service_ids: Vec<String>) -> Vec<app::Result<Next>> {
    let ids: Vec<&str> = service_ids.iter().map(String::as_str).collect();
    let mut seen = match alone(see(app, &ids)).await {
        Ok(seen) => Some(seen),
        Err(error) => {
            // Each of them says by itself what is wrong.
            tracing::debug!(?error, "services could not be looked at together");
            None
        }
    };
    let each: Vec<(String, Option<Option<Seen>>)> = service_ids
        .into_iter()
        .map(|id| {
            let found = seen.as_mut().map(|seen| seen.remove(&id));
            (id, found)
        })
        .collect();
    let one = |(id, found): (String, Option<Option<Seen>>)| {
        alone(async move {
            let found = match found {
                Some(found) => found,
                None => see(app, &[&id]).await?.remove(&id),
            };
            bring(app, &id, found).await
        })
    };
    stream::iter(each).map(one).buffered(SIDE_BY_SIDE).collect().await
}

/// What is done about one service. If that ends in a panic, it is the failure of this one, not of all that were taken with it.
async fn alone<T>(work: impl Future<Output = Result<T>>) -> app::Result<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => done.map_err(Error::unheard),
        Err(_) => Err(app::Error::Internal),
    }
}

async fn see(app: &App, ids: &[&str]) -> Result<HashMap<String, Seen>> {
    look(&mut app.db().reader().await?, ids).await
}

async fn bring(app: &Arc<App>, service_id: &str, seen: Option<Seen>) -> Result<Next> {
    let Some(mut seen) = seen else {
        return Ok(Next::Never);
    };
    let deploys_on_push = seen.deploys_on_push.is_some();
    if deploys_on_push && deploy_on_push::deploy_what_was_pushed(app, &seen).await? {
        match see(app, &[service_id]).await?.remove(service_id) {
            Some(now) => seen = now,
            None => return Ok(Next::Never),
        }
    }
    let mut next = Next::In(Duration::ZERO);
    for _ in 0..DECISIONS {
        let balanced = balance::align(app, &seen).await?;
        let watched = balanced.watched();
        let then = match rest(app, &seen, &balanced) {
            Some(pause) => Next::In(pause),
            None => step_alone(app, service_id, balanced).await?,
        };
        next = match then {
            Next::In(pause) => Next::In(watched.map_or(pause, |longest| pause.min(longest))),
            Next::Never => Next::Never,
        };
        if next != Next::In(Duration::ZERO) {
            break;
        }
        match see(app, &[service_id]).await?.remove(service_id) {
            Some(now) => seen = now,
            None => return Ok(Next::Never),
        }
    }
    Ok(match next {
        Next::In(pause) if deploys_on_push => Next::In(pause.min(LOOK_FOR_PUSHES)),
        next => next,
    })
}

/// How long a service may rest of which nothing is to be done and nothing to be told. None if that needs a closer look.
fn rest(app: &App, seen: &Seen, balanced: &Balanced) -> Option<Duration> {
    let now = app.now();
    let snapshot = load::glance(&seen.service, &seen.standing, balanced)?;
    let decision = decide::decide(&snapshot, &settings(app), now);
    if !decision.actions.is_empty() || !events::are_told(&seen.service, &decision.conditions, now) {
        return None;
    }
    let longest = now.after(EVERY);
    let again = [decision.look_at, events::next(&seen.service)].into_iter().flatten().fold(longest, Timestamp::min);
    Some(until(now, again))
}

/// One decision, in a transaction of its own.
async fn step_alone(app: &Arc<App>, service_id: &str, balanced: Balanced) -> Result<Next> {
    let (own, id) = (Arc::clone(app), service_id.to_owned());
    let done: Result<(Next, bool)> =
        app.db().write_in_background(move |conn| Box::pin(async move { step(conn, &own, &id, &balanced).await })).await;
    let (next, agents) = done?;
    if agents {
        app.wake_agents();
    }
    Ok(next)
}

/// One decision. When to look again, and whether agents have something new to do.
async fn step(conn: &mut Conn, app: &App, service_id: &str, balanced: &Balanced) -> Result<(Next, bool)> {
    let Some(row) = services::find_by_id(conn, service_id).await? else {
        return Ok((Next::Never, false));
    };
    let Some(cluster) = clusters::lock_by_id(conn, &row.cluster_id).await?.map(Cluster::read) else {
        return Ok((Next::Never, false));
    };
    let Some(mut service) = services::lock(conn, service_id).await?.map(Service::read) else {
        return Ok((Next::Never, false));
    };
    if service.row.status == "INACTIVE" {
        return forget(conn, app, &service).await;
    }
    let now = app.now();
    let standing = stand_one(conn, &service).await?;
    let mut loaded = load::load(conn, app, &cluster, &service, standing, balanced).await?;
    let settings = settings(app);
    let mut decision = decide::decide(&loaded.snapshot, &settings, now);
    if loaded.waits {
        // Its tasks are over, but requests may still be sent to where they were.
        decision.actions.retain(|action| *action != Action::Deactivate);
    }
    let look_at = decision.look_at;
    let was_unplaceable = loaded.is_unplaceable();
    let agents = Application::new(app, &cluster, &mut service, &mut loaded).run(conn, decision).await?;
    let place_at = match (was_unplaceable, loaded.is_unplaceable()) {
        (false, false) => None,
        (true, true) => Some(now.after(settings.place_again)),
        // That is news: perhaps something can be stopped to make room, or there is room for more.
        (false, true) | (true, false) => Some(now),
    };
    let leave_at = loaded.waits.then(|| now.after(balance::MOVING));
    let longest = now.after(EVERY);
    let again =
        [look_at, place_at, leave_at, events::next(&service)].into_iter().flatten().fold(longest, Timestamp::min);
    Ok((Next::In(until(now, again)), agents))
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(at.micros() - now.micros()).unwrap_or_default())
}

fn settings(app: &App) -> Settings {
    Settings {
        settle: app.config().service_settle,
        longest_pause: app.config().service_back_off,
        ..Settings::default()
    }
}

/// Forgets a service that has been gone for long.
async fn forget(conn: &mut Conn, app: &App, service: &Service) -> Result<(Next, bool)> {
    let id = &service.row.service_id;
    let over = Timestamp::from_micros(service.document.gone_at.unwrap_or_default()).after(KEPT);
    if over > app.now() {
        return Ok((Next::In(until(app.now(), over)), false));
    }
    delete_rows(conn, id).await?;
    Ok((Next::Never, false))
}

/// Deletes a service that is gone, with all that is kept of it.
pub(super) async fn delete_rows(conn: &mut Conn, service_id: &str) -> Result<()> {
    service_tasks::delete_all(conn, service_id).await?;
    service_events::delete_all(conn, service_id).await?;
    service_deployments::delete_all(conn, service_id).await?;
    services::delete(conn, service_id).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_failure_of_one_service_and_no_other() {
        let work = |panics: bool| {
            alone(async move {
                assert!(!panics, "a fault in what is decided about a service");
                Ok(Next::Never)
            })
        };
        let outcomes: Vec<app::Result<Next>> =
            stream::iter([false, true, false]).map(work).buffered(SIDE_BY_SIDE).collect().await;
        assert!(
            matches!(outcomes.as_slice(), [Ok(Next::Never), Err(app::Error::Internal), Ok(Next::Never)]),
            "{outcomes:?}"
        );
    }
}
