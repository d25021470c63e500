//! Checks the health of one target, again and again: a request in HTTP, or a connection alone.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use elb::health::{Health, State};
use elb::routing::HealthCheck;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::{HeaderValue, Request, StatusCode};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::body::empty;
use crate::checks::Checks;
use crate::live::{Live, about};
use crate::pool;
use crate::target::{Target, unchecked};

/// Checks a target until it is dropped.
pub(crate) struct Checker {
    target: Weak<Target>,
    check: HealthCheck,
    task: JoinHandle<()>,
}

impl Drop for Checker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Checker {
    /// Begins to check, at once, a target that is in a state until checks say otherwise.
    pub(crate) fn start(
        live: &Arc<Live>,
        group: &str,
        target: &Arc<Target>,
        check: &HealthCheck,
        state: State,
    ) -> Self {
        // An end of the balancer is the end of its checks.
        let task = run(Arc::downgrade(live), group.to_owned(), Arc::downgrade(target), check.clone(), state);
        Self { target: Arc::downgrade(target), check: check.clone(), task: tokio::spawn(task) }
    }

    /// Whether it checks that target in that way.
    pub(crate) fn checks(&self, target: &Arc<Target>, check: &HealthCheck) -> bool {
        self.is_of(target) && self.check == *check && !self.task.is_finished()
    }

    /// Whether it checks that target.
    pub(crate) fn is_of(&self, target: &Arc<Target>) -> bool {
        self.target.ptr_eq(&Arc::downgrade(target))
    }
}

async fn run(live: Weak<Live>, group: String, target: Weak<Target>, check: HealthCheck, state: State) {
    let mut ticks = interval(check.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut checks = Checks::of(state);
    if state == State::Initial
        && let (Some(live), Some(target)) = (live.upgrade(), target.upgrade())
    {
        target.set_health(unchecked());
        live.observe(about(&group, &target, unchecked()));
    }
    loop {
        ticks.tick().await;
        let Some(address) = target.upgrade().map(|target| target.address) else { return };
        let address = SocketAddr::new(address.ip(), check.port.unwrap_or(address.port()));
        let outcome = match timeout(check.timeout, probe(address, &check)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Health::because(State::Unhealthy, "Target.Timeout")),
        };
        let (Some(live), Some(target)) = (live.upgrade(), target.upgrade()) else { return };
        let changed = checks.take(outcome.is_ok(), &check);
        let health = match outcome {
            Ok(()) => Health::healthy(),
            Err(health) => health,
        };
        if let Some(state) = changed {
            tracing::info!(
                target_group = group,
                target = %target.address,
                state = state.as_str(),
                reason = health.description.as_deref().unwrap_or_default(),
                "the health of a target has changed"
            );
        } else if health.state != target.state() || health == target.health() {
            continue;
        }
        // One that is sick may be so for another reason by now, and whoever looks into it is to know the last one.
        target.set_health(health.clone());
        live.observe(about(&group, &target, health));
    }
}

/// One check.
async fn probe(address: SocketAddr, check: &HealthCheck) -> Result<(), Health> {
    let failed = || Health::because(State::Unhealthy, "Target.FailedHealthChecks");
    let Some(path) = &check.path else {
        return TcpStream::connect(address).await.map(drop).map_err(|_| failed());
    };
    let mut sender = pool::connect(address).await.map_err(|_| failed())?;
    let host = HeaderValue::from_str(&address.to_string()).map_err(|_| failed())?;
    let request = Request::get(path.as_str())
        .header(HOST, host)
        .header(CONNECTION, "close")
        .header(USER_AGENT, "ELB-HealthChecker/2.0")
        .body(empty())
        .map_err(|_| failed())?;
    let answer = sender.send_request(request).await.map_err(|_| failed())?;
    let status: StatusCode = answer.status();
    if check.matcher.iter().any(|range| range.contains(&status.as_u16())) {
        return Ok(());
    }
    let description = Some(format!("Health checks failed with these codes: [{}]", status.as_u16()));
    Err(Health { description, ..Health::because(State::Unhealthy, "Target.ResponseCodeMismatch") })
}
