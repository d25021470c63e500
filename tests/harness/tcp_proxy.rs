//! A TCP proxy that can be cut, stalled and restored at any moment, and counts. It stands between the server and what it
//! depends on, and knows nothing of what it carries.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the proxy does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Carries them.
    Up,
    /// Closes those that are open and every new one.
    Cut,
    /// Keeps them open and carries nothing.
    Stalled,
}

/// What went to the target, and how much may go before everything stands still.
struct Gauge {
    carried: AtomicU64,
    limit: AtomicU64,
}

/// A running proxy; it ends when dropped.
pub struct TcpProxy {
    address: SocketAddr,
    gauge: Arc<Gauge>,
    link: watch::Sender<Link>,
    task: JoinHandle<()>,
}

impl TcpProxy {
    /// Listens on a free port and carries connections to `target`.
    pub async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (link, state) = watch::channel(Link::Up);
        let target = target.to_owned();
        let gauge = Arc::new(Gauge { carried: AtomicU64::new(0), limit: AtomicU64::new(u64::MAX) });
        let (own, sender) = (Arc::clone(&gauge), link.clone());
        let task = tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else {
                    continue;
                };
                tokio::spawn(carry(client, target.clone(), state.clone(), Arc::clone(&own), sender.clone()));
            }
        });
        Self { address, gauge, link, task }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// How many bytes went to the target so far.
    pub fn carried(&self) -> u64 {
        self.gauge.carried.load(Ordering::SeqCst)
    }

    /// Stalls once that many bytes went to the target.
    pub fn stall_after(&self, bytes: u64) {
        self.gauge.limit.store(bytes, Ordering::SeqCst);
    }

    /// Whether it stands still.
    pub fn stalls(&self) -> bool {
        *self.link.borrow() == Link::Stalled
    }

    /// Changes what it does, for open connections too.
    pub fn set(&self, link: Link) {
        self.link.send_replace(link);
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.link.send_replace(Link::Cut);
        self.task.abort();
    }
}

async fn carry(
    client: TcpStream,
    target: String,
    mut state: watch::Receiver<Link>,
    gauge: Arc<Gauge>,
    link: watch::Sender<Link>,
) {
    if *state.borrow() == Link::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect(&target).await else {
        return;
    };
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let count = |bytes: u64| {
        let carried = gauge.carried.fetch_add(bytes, Ordering::SeqCst) + bytes;
        if carried >= gauge.limit.load(Ordering::SeqCst) {
            gauge.limit.store(u64::MAX, Ordering::SeqCst);
            link.send_replace(Link::Stalled);
        }
    };
    let there = pump(from_client, to_server, state.clone(), count);
    let back = pump(from_server, to_client, state.clone(), |_| {});
    tokio::select! {
        () = async { tokio::join!(there, back); } => {}
        _ = state.wait_for(|link| *link == Link::Cut) => {}
    }
}

/// Carries one direction to its end, and waits while the link is stalled.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<Link>, count: impl Fn(u64)) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut piece).await {
        if read == 0 || state.wait_for(|link| *link != Link::Stalled).await.is_err() {
            break;
        }
        if to.write_all(&piece[..read]).await.is_err() {
            break;
        }
        count(read as u64);
    }
    to.shutdown().await.ok();
}
