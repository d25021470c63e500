//! A TCP proxy that can be cut, stalled and restored at any moment. It stands between the server and its database, and knows
//! nothing of what it carries.

use std::net::SocketAddr;

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

/// A running proxy; it ends when dropped.
pub struct TcpProxy {
    address: SocketAddr,
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
        let task = tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else {
                    continue;
                };
                tokio::spawn(carry(client, target.clone(), state.clone()));
            }
        });
        Self { address, link, task }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.address.to_string()
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

async fn carry(client: TcpStream, target: String, mut state: watch::Receiver<Link>) {
    if *state.borrow() == Link::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect(&target).await else {
        return;
    };
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let there = pump(from_client, to_server, state.clone());
    let back = pump(from_server, to_client, state.clone());
    tokio::select! {
        () = async { tokio::join!(there, back); } => {}
        _ = state.wait_for(|link| *link == Link::Cut) => {}
    }
}

/// Carries one direction to its end, and waits while the link is stalled.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<Link>) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count) = from.read(&mut piece).await {
        if count == 0 || state.wait_for(|link| *link != Link::Stalled).await.is_err() {
            break;
        }
        if to.write_all(&piece[..count]).await.is_err() {
            break;
        }
    }
    to.shutdown().await.ok();
}
