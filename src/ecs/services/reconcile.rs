//! The job of a service: read how it stands, decide, do it, all in one transaction; then say when to look again. It is
//! put down by everybody who changes something about the service, so that nothing looks at services that rest.

use std::sync::Arc;
use std::time::Duration;

use app::App;
use store::{Conn, clusters, service_deployments, service_events, service_tasks, services};
use types::Timestamp;

use super::apply::Application;
use super::balance::{self, Balanced};
use super::decide::model::Settings;
use super::{Service, decide, deploy_on_push, events, load};
use crate::clusters::Cluster;
use crate::error::{Error, Result};

/// The kind of the job. Its subject is the id of a service.
pub const JOB: &str = "reconcile services";

/// How long a service rests at most.
pub const EVERY: Duration = Duration::from_secs(600);

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

/// Brings a service nearer to what is wanted.
pub async fn reconcile(app: &Arc<App>, service_id: &str) -> app::Result<Next> {
    let deploys_on_push = deploy_on_push::look(app, service_id).await.map_err(Error::unheard)?;
    let mut next = Next::In(Duration::ZERO);
    for _ in 0..DECISIONS {
        let balanced = balance::align(app, service_id).await.map_err(Error::unheard)?;
        let watched = balanced.watched();
        let (own, id) = (Arc::clone(app), service_id.to_owned());
        let done: Result<(Next, bool)> = app
            .db()
            .write_in_background(move |conn| Box::pin(async move { step(conn, &own, &id, &balanced).await }))
            .await;
        let (then, agents) = done.map_err(Error::unheard)?;
        if agents {
            app.wake_agents();
        }
        next = match then {
            Next::In(pause) => Next::In(watched.map_or(pause, |longest| pause.min(longest))),
            Next::Never => Next::Never,
        };
        if next != Next::In(Duration::ZERO) {
            break;
        }
    }
    Ok(match next {
        Next::In(pause) if deploys_on_push => Next::In(pause.min(LOOK_FOR_PUSHES)),
        next => next,
    })
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
    let mut loaded = load::load(conn, app, &cluster, &service, balanced).await?;
    let settings = settings(app);
    let decision = decide::decide(&loaded.snapshot, &settings, now);
    let look_at = decision.look_at;
    let was_unplaceable = loaded.is_unplaceable();
    let agents = Application::new(app, &cluster, &mut service, &mut loaded).run(conn, decision).await?;
    let place_at = match (was_unplaceable, loaded.is_unplaceable()) {
        (_, false) => None,
        (true, true) => Some(now.after(settings.place_again)),
        // That is news: perhaps something can be stopped to make room.
        (false, true) => Some(now),
    };
    let longest = now.after(EVERY);
    let again = [look_at, place_at, events::next(&service)].into_iter().flatten().fold(longest, Timestamp::min);
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
