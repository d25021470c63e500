//! The network side of every server of the program: sockets, TLS, HTTP/1 and HTTP/2 framing, time-outs, limits and the graceful stop.
//! What is asked and answered is the business of the service it is given; it looks at no path and at no credential.
//!
//! The accept loop is our own because `axum::serve` gives hyper no timer, which silently turns its time-outs off.

mod accept;
mod activity;
mod attentive;
mod body;
mod connection;
mod framing;
mod head;
mod io;
mod limits;
mod sendfile;
#[cfg(test)]
mod tests;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;

pub use self::{body::RequestBody, connection::Slot, framing::AmbiguousFraming, head::fault, limits::Limits, tls::Tls};

/// The client's end of the connection that a request came by: an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address: the client's own, or that of a proxy before us.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

/// What became of the connections when the listener stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Connections that ended by themselves after the order to stop.
    pub finished: usize,
    /// Connections that were cut off because they took longer than the grace.
    pub cut_off: usize,
}

/// A bound socket, not yet accepting.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    limits: Limits,
    places: Arc<Semaphore>,
}

impl Listener {
    /// Binds the address. Connections queue up in the kernel from here on.
    pub fn bind(address: SocketAddr, tls: Option<Tls>, limits: Limits) -> std::io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restart must not wait for the connections of its predecessor to be forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let socket = socket.listen(1024)?;
        let address = socket.local_addr()?;
        let limits = limits.within_open_files();
        let places = Arc::new(Semaphore::new(limits.connections));
        Ok(Self { socket, address, tls, limits, places })
    }

    /// Shares its limit of connections with other listeners. Each needs one place to wait for its next connection.
    #[must_use]
    pub fn sharing(mut self, places: &Arc<Semaphore>) -> Self {
        self.places = Arc::clone(places);
        self
    }

    /// The address in use, with the port that the system chose if 0 was asked for.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }
}
