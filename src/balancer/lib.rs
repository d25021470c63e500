//! The data plane of load balancers: it listens on their ports, finds the rule for a request, chooses a target, forwards,
//! and checks the health of targets. What it does it reads as one plain table ([`elb::routing`]), which is replaced as a
//! whole when something changed; requests that are under way go on with the one they began with.
//!
//! Only `source` asks the database, through `elb`. A request never waits for it, and while it is away requests go on being
//! forwarded as they were.

mod body;
mod checks;
mod choice;
mod cookie;
mod figures;
mod forward;
mod front;
mod headers;
mod health;
mod live;
mod metrics;
mod path;
mod patient;
mod pattern;
mod pool;
mod publish;
mod pulse;
mod reply;
mod rules;
mod sockets;
mod source;
mod target;
mod tunnel;

use std::net::IpAddr;
use std::sync::Arc;

use app::App;
use listener::{Limits, tls};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use figures::{Figures, LoadBalancerFigures, TargetGroupFigures};
pub use metrics::BalancerMetrics;

use live::Live;

/// How this process balances.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address on which listeners are opened.
    pub address: IpAddr,
    /// The certificate of TLS listeners; they fail without one.
    pub tls: Option<tls::Files>,
    /// Time-outs and limits of each listener.
    pub limits: Limits,
}

/// The balancer of this process.
pub struct Balancer {
    live: Arc<Live>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    published: JoinHandle<()>,
}

impl Balancer {
    /// Begins to balance.
    pub fn start(app: &Arc<App>, config: Config) -> Self {
        let live = Arc::new(Live::new(config.limits.connections));
        let stop = CancellationToken::new();
        let id = Uuid::now_v7().simple().to_string();
        let task = tokio::spawn(source::run(Arc::clone(app), config, id, Arc::clone(&live), stop.clone()));
        let published = tokio::spawn(publish::run(Arc::clone(app), Arc::clone(&live), stop.clone()));
        Self { live, stop, task, published }
    }

    /// What is counted: for Prometheus, and as plain figures for whoever keeps a clone of it.
    pub fn metrics(&self) -> BalancerMetrics {
        BalancerMetrics::new(Arc::clone(&self.live))
    }

    /// Takes no new connections, and waits until what is under way is done or the grace of the listeners is over.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.task.await;
        let _ = self.published.await;
    }
}
