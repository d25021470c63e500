//! Listening where SDKs look for credentials: the address is link-local, and no interface has it of itself.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::process::Command;

/// Listens at an address, and gives it to the loopback interface if no interface has it. It stays there when the agent
/// ends: the tasks stay too.
pub(super) async fn listen(at: SocketAddr) -> Result<TcpListener> {
    match TcpListener::bind(at).await {
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
            let address = format!("{}/32", at.ip());
            let added = Command::new("ip").args(["address", "add", &address, "dev", "lo"]).output().await;
            let added = added.map_err(|error| Error::other(format!("the command ip cannot be run: {error}")))?;
            if !added.status.success() {
                let why = String::from_utf8_lossy(&added.stderr).trim().to_owned();
                return Err(Error::other(format!("the address cannot be given to the loopback interface: {why}")));
            }
            TcpListener::bind(at).await
        }
        bound => bound,
    }
}
