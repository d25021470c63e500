//! Keeps the balancer in step with the database: the table is read when its stamp has moved, what was found out is written,
//! and what is over is cleared away. The only file that asks `elb` for rows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use app::App;
use elb::health::{self, BEAT};
use elb::routing::{self, Table};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::live::Live;
use crate::sockets::Sockets;

/// How often the stamp is looked at when nobody wakes us.
const LOOK: Duration = Duration::from_secs(1);

/// Whoever was silent for this long may have been forgotten, and says everything again.
const FORGOTTEN: Duration = Duration::from_secs(30);

/// How often what others left behind is looked for.
const CLEAR: Duration = Duration::from_secs(5);

/// How long saying good-bye may take.
const LEAVE: Duration = Duration::from_secs(2);

/// Runs until it is told to stop, and then until what is under way has ended.
pub(crate) async fn run(app: Arc<App>, config: Config, id: String, live: Arc<Live>, stop: CancellationToken) {
    let mut sockets = Sockets::new(config, Arc::clone(&live));
    let mut table = Table::default();
    let mut known = None;
    // When the others last heard of us.
    let mut heard: Option<Instant> = None;
    let mut tried = Instant::now();
    let mut cleared = Instant::now();
    loop {
        match routing::load(&app, known).await {
            Ok(Some(fresh)) => {
                known = Some(fresh.version);
                live.apply(&fresh);
                sockets.apply(&fresh.listeners).await;
                table = fresh;
                tried = Instant::now();
            }
            Ok(None) => {}
            // Requests go on as they were.
            Err(error) => tracing::warn!(%error, "load balancers could not be looked at"),
        }
        if sockets.has_failed() && tried.elapsed() >= LOOK {
            tried = Instant::now();
            sockets.apply(&table.listeners).await;
        }
        let draining: HashSet<String> = live.observe_drained().into_iter().collect();
        if let Err(error) = report(&app, &id, &live, &sockets, &mut heard).await {
            tracing::warn!(%error, "the health of targets could not be reported");
        } else if !draining.is_empty() || (heard.is_some() && cleared.elapsed() >= CLEAR) {
            cleared = Instant::now();
            clear(&app, &draining).await;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep(LOOK) => {}
            () = app.balancing().notified() => {}
            () = live.observed.notified() => {}
        }
    }
    if heard.is_some() {
        // Others must not wait for what this process would say.
        let _ = timeout(LEAVE, health::leave(&app, &id)).await;
    }
    sockets.stop().await;
}

/// Removes what is over.
async fn clear(app: &App, draining: &HashSet<String>) {
    if let Err(error) = health::clear(app, draining).await {
        tracing::warn!(%error, "targets that have drained could not be removed");
    }
}

/// Reports what there is, or that this process is there if the others have not heard of it for a while.
async fn report(app: &App, id: &str, live: &Live, sockets: &Sockets, heard: &mut Option<Instant>) -> elb::Result<()> {
    if live.is_idle() {
        live.take_observations();
        if heard.take().is_some() {
            health::leave(app, id).await?;
        }
        return Ok(());
    }
    if heard.is_none_or(|heard| heard.elapsed() >= FORGOTTEN) {
        live.observe_all();
        sockets.say_again();
    }
    let observations = live.take_observations();
    if observations.is_empty() && heard.is_some_and(|heard| heard.elapsed() < BEAT) {
        return Ok(());
    }
    match health::report(app, id, observations.clone()).await {
        Ok(()) => {
            *heard = Some(Instant::now());
            Ok(())
        }
        Err(error) => {
            live.put_back(observations);
            Err(error)
        }
    }
}
