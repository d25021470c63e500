//! A target as this process knows it: where it is, how it is, what is under way to it. It lives as long as its registration;
//! a new table takes it over.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use elb::health::{Health, State};
use elb::routing;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use types::Timestamp;

use crate::cookie;
use crate::pool::Pool;

/// A target that could not be reached is not the first choice for this long, until checks have found out.
const AVOIDED: Duration = Duration::from_secs(5);

/// How long nothing may be under way to a target before it has drained.
const QUIET: Duration = Duration::from_secs(1);

/// A target.
pub(crate) struct Target {
    /// What it is called.
    pub(crate) id: String,
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// Which registration this is.
    pub(crate) registered_at: Timestamp,
    /// What stands for it in cookies.
    pub(crate) token: u64,
    /// Connections to it that nobody uses.
    pub(crate) pool: Pool,
    /// Ends what is under way, once its time to drain is over.
    pub(crate) gone: CancellationToken,
    /// Whether it was said that it has drained.
    pub(crate) drained: AtomicBool,
    health: Mutex<Health>,
    /// The state in `health`, for requests.
    state: AtomicU8,
    in_flight: Arc<AtomicUsize>,
    /// Since when nothing is under way, of one that drains.
    quiet_since: Mutex<Option<Instant>>,
    begun: Instant,
    /// Milliseconds since then.
    avoided_until: AtomicU64,
}

impl Target {
    pub(crate) fn new(spec: &routing::Target) -> Arc<Self> {
        Arc::new(Self::fresh(spec))
    }

    /// The same target under a new registration: what was begun under this one goes on, and belongs to it.
    pub(crate) fn registered_again(&self, spec: &routing::Target) -> Arc<Self> {
        let in_flight = Arc::clone(&self.in_flight);
        Arc::new(Self { gone: self.gone.clone(), in_flight, ..Self::fresh(spec) })
    }

    fn fresh(spec: &routing::Target) -> Self {
        let address = SocketAddr::new(spec.address, spec.port);
        Self {
            token: cookie::token(&address.to_string()),
            id: spec.id.clone(),
            address,
            registered_at: spec.registered_at,
            pool: Pool::default(),
            gone: CancellationToken::new(),
            drained: AtomicBool::new(false),
            health: Mutex::new(unchecked()),
            state: AtomicU8::new(0),
            in_flight: Arc::default(),
            quiet_since: Mutex::new(None),
            begun: Instant::now(),
            avoided_until: AtomicU64::new(0),
        }
    }

    /// Whether it is the target of that registration.
    pub(crate) fn is(&self, spec: &routing::Target) -> bool {
        self.is_at(spec) && self.registered_at == spec.registered_at
    }

    /// Whether it is that target, under whichever registration.
    pub(crate) fn is_at(&self, spec: &routing::Target) -> bool {
        self.id == spec.id && self.address == SocketAddr::new(spec.address, spec.port)
    }

    /// How it is, by its checks.
    pub(crate) fn state(&self) -> State {
        match self.state.load(Relaxed) {
            1 => State::Healthy,
            2 => State::Unhealthy,
            _ => State::Initial,
        }
    }

    /// The same with its reason.
    pub(crate) fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What checks have found out.
    pub(crate) fn set_health(&self, health: Health) {
        let number = match health.state {
            State::Healthy => 1,
            State::Unhealthy => 2,
            State::Initial | State::Unused | State::Draining | State::Drained => 0,
        };
        self.state.store(number, Relaxed);
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
    }

    /// It could not be reached.
    pub(crate) fn avoid(&self) {
        let until = self.begun.elapsed() + AVOIDED;
        self.avoided_until.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Whether it could not be reached a moment ago.
    pub(crate) fn is_avoided(&self) -> bool {
        let until = self.avoided_until.load(Relaxed);
        until > 0 && self.begun.elapsed() < Duration::from_millis(until)
    }

    /// Whether one that drains has nothing under way any more. A request that was about to begin when the target was taken
    /// out of the table has begun after a moment, so it must have been quiet for one.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut since = self.quiet_since.lock().unwrap_or_else(PoisonError::into_inner);
        if self.in_flight() > 0 {
            *since = None;
            return false;
        }
        since.get_or_insert_with(Instant::now).elapsed() >= QUIET
    }

    /// Requests that are under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// One more, until what is returned is dropped.
    pub(crate) fn enter(self: &Arc<Self>, place: &Arc<OwnedSemaphorePermit>) -> InFlight {
        self.in_flight.fetch_add(1, Relaxed);
        InFlight { target: Arc::clone(self), _place: Arc::clone(place) }
    }
}

/// The health of a target that was not checked.
pub(crate) fn unchecked() -> Health {
    Health::because(State::Initial, "Elb.InitialHealthChecking")
}

/// A request that is under way to a target.
pub(crate) struct InFlight {
    target: Arc<Target>,
    /// The request's own, among all that may be under way.
    _place: Arc<OwnedSemaphorePermit>,
}

impl InFlight {
    /// The target.
    pub(crate) fn target(&self) -> &Arc<Target> {
        &self.target
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.target.in_flight.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    #[test]
    fn a_target_has_drained_when_it_was_quiet_for_a_moment() {
        let spec = routing::Target {
            id: "10.0.0.1".to_owned(),
            port: 80,
            address: [10, 0, 0, 1].into(),
            registered_at: Timestamp::from_micros(0),
            draining: true,
        };
        let target = Target::new(&spec);
        let back = |by: Duration| {
            let mut since = target.quiet_since.lock().unwrap();
            *since = since.map(|since| since - by);
        };
        let place = Arc::new(Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap());
        assert!(!target.is_quiet());
        back(QUIET);
        assert!(target.is_quiet());
        let in_flight = target.enter(&place);
        assert!(!target.is_quiet());
        drop(in_flight);
        // From the beginning again.
        assert!(!target.is_quiet());
        assert!(target.is(&spec) && !target.is(&routing::Target { registered_at: Timestamp::from_micros(1), ..spec }));
    }
}
