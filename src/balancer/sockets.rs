//! The ports that are open: those that the table names, as far as they can be opened. What cannot be is told, and tried again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use elb::health::Observation;
use elb::routing;
use listener::{Limits, Listener, Tls};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Config;
use crate::front::Front;
use crate::live::Live;
use crate::pool::FIELDS;

/// A port that was closed a moment ago is free within this many tries.
const TRIES: u32 = 10;
const BETWEEN: Duration = Duration::from_millis(20);

/// The open ports.
pub(crate) struct Sockets {
    config: Config,
    live: Arc<Live>,
    open: HashMap<String, Open>,
    /// What was said of each listener: why it is not open, if it is not.
    said: BTreeMap<String, Option<String>>,
    /// Connections, of closed ports too.
    serving: TaskTracker,
    /// Connections that there may be, on all ports together.
    places: Arc<Semaphore>,
}

struct Open {
    port: u16,
    tls: bool,
    stop: CancellationToken,
}

impl Sockets {
    /// None yet.
    pub(crate) fn new(config: Config, live: Arc<Live>) -> Self {
        let places = Arc::new(Semaphore::new(config.limits.connections));
        Self { config, live, open: HashMap::new(), said: BTreeMap::new(), serving: TaskTracker::new(), places }
    }

    /// Whether a port could not be opened.
    pub(crate) fn has_failed(&self) -> bool {
        self.said.values().any(Option::is_some)
    }

    /// Opens and closes ports as the table says.
    pub(crate) async fn apply(&mut self, listeners: &[routing::Listener]) {
        let wanted: HashMap<&str, &routing::Listener> =
            listeners.iter().map(|listener| (listener.id.as_str(), listener)).collect();
        let mut closed = HashSet::new();
        self.open.retain(|id, open| {
            let stays =
                wanted.get(id.as_str()).is_some_and(|listener| (listener.port, listener.tls) == (open.port, open.tls));
            if !stays {
                open.stop.cancel();
                closed.insert(open.port);
                // What was said of it was about another port.
                self.said.remove(id);
            }
            stays
        });
        self.said.retain(|id, _| wanted.contains_key(id.as_str()));
        let mut taken: HashMap<u16, &str> = HashMap::new();
        for listener in listeners {
            if self.open.contains_key(&listener.id) {
                taken.insert(listener.port, &listener.load_balancer.name);
            }
        }
        for listener in listeners {
            let failure = if self.open.contains_key(&listener.id) {
                None
            } else if let Some(other) = taken.get(&listener.port) {
                Some(format!("the port is that of another listener, of the load balancer {other}"))
            } else {
                match self.start(listener, closed.contains(&listener.port)).await {
                    Ok(()) => {
                        taken.insert(listener.port, &listener.load_balancer.name);
                        None
                    }
                    Err(failure) => Some(failure),
                }
            };
            self.say(&listener.id, listener.port, failure);
        }
    }

    fn say(&mut self, id: &str, port: u16, failure: Option<String>) {
        if self.said.get(id) == Some(&failure) {
            return;
        }
        match &failure {
            None => tracing::info!(listener = id, port, "a listener of a load balancer is open"),
            Some(failure) => tracing::warn!(listener = id, port, failure, "a listener of a load balancer is not open"),
        }
        self.live.observe(Observation::Listener { listener_id: id.to_owned(), failure: failure.clone() });
        self.said.insert(id.to_owned(), failure);
    }

    /// Says all of it once more.
    pub(crate) fn say_again(&self) {
        for (listener_id, failure) in &self.said {
            let (listener_id, failure) = (listener_id.clone(), failure.clone());
            self.live.observe(Observation::Listener { listener_id, failure });
        }
    }

    async fn start(&mut self, listener: &routing::Listener, was_ours: bool) -> Result<(), String> {
        let address = SocketAddr::new(self.config.address, listener.port);
        let mut tries = 0;
        let bound = loop {
            let tls = match (listener.tls, &self.config.tls) {
                (false, _) => None,
                (true, Some(files)) => {
                    Some(Tls::new(files.clone()).map_err(|_| "the certificate cannot be read".to_owned())?)
                }
                (true, None) => return Err("there is no certificate".to_owned()),
            };
            let limits = Limits { fields: Some(FIELDS), ..self.config.limits.clone() };
            match Listener::bind(address, tls, limits) {
                Ok(bound) => break bound.sharing(&self.places),
                Err(error) if error.kind() == ErrorKind::AddrInUse && was_ours && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(BETWEEN).await;
                }
                Err(error) => {
                    return Err(match error.kind() {
                        ErrorKind::AddrInUse => "the port is in use by another program".to_owned(),
                        ErrorKind::PermissionDenied => "this program may not open the port".to_owned(),
                        ErrorKind::AddrNotAvailable => "the address is none of this machine".to_owned(),
                        _ => "the port cannot be opened".to_owned(),
                    });
                }
            }
        };
        let stop = CancellationToken::new();
        let front = Front::new(&self.live, &listener.id, listener.port);
        let stopped = stop.clone().cancelled_owned();
        self.serving.spawn(async move {
            bound.serve(front, stopped).await;
        });
        let open = Open { port: listener.port, tls: listener.tls, stop };
        self.open.insert(listener.id.clone(), open);
        Ok(())
    }

    /// Closes all ports, and waits until their connections have ended or their grace is over.
    pub(crate) async fn stop(self) {
        for open in self.open.values() {
            open.stop.cancel();
        }
        self.serving.close();
        self.serving.wait().await;
    }
}
