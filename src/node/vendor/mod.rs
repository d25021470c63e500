//! What containers ask the agent for, at 169.254.170.2: the credentials of their task's role, and what they are.
//!
//! Each answers only to the task that it belongs to: the path holds an id that nobody can guess, and the connection comes
//! from an address of the task. A container that learns the id of another gets nothing with it. There is nothing here about
//! the agent itself, and nothing that changes anything.
//!
//! The address is put on the loopback interface (`ip address add 169.254.170.2/32 dev lo`), so that what containers send to
//! their gateway for it arrives here as it was sent, with their own address and without any rule of the firewall. That
//! needs an agent that runs as root. Without it containers in the host's network alone can be served, at a loopback
//! address; the SDKs take no other.

mod address;
mod credentials;
mod metadata;
mod server;
pub(crate) mod tags;

use std::net::SocketAddr;

use tokio::task::JoinHandle;

use crate::engine::Engine;
use crate::host::{Host, Shared};
use crate::task::Task;

/// Where containers find the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    at: SocketAddr,
}

impl Place {
    /// Whether it is where SDKs look of themselves.
    fn is_usual(self) -> bool {
        self.at == crate::Config::VENDOR
    }

    fn url(self) -> String {
        if self.at.port() == 80 { format!("http://{}", self.at.ip()) } else { format!("http://{}", self.at) }
    }
}

/// Answers until it is dropped.
pub(crate) struct Vendor(JoinHandle<()>);

impl Drop for Vendor {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Begins to answer, if the settings want it and the host allows it.
pub(crate) async fn start<E: Engine>(host: &Shared<E>) -> Option<Vendor> {
    let wanted = host.config.vendor?;
    match address::listen(wanted).await {
        Ok(listener) => {
            let at = listener.local_addr().ok()?;
            let place = Place { at };
            let _ = host.vendor.set(place);
            tracing::info!(address = %at, "containers find credentials and metadata here");
            Some(Vendor(tokio::spawn(server::serve(host.clone(), listener))))
        }
        Err(error) => {
            tracing::warn!(address = %wanted, %error, "containers get no credentials and no metadata");
            None
        }
    }
}

/// What a container is told of it.
pub(crate) fn variables<E: Engine>(host: &Host<E>, task: &Task, index: usize) -> Vec<(String, String)> {
    let mut variables = vec![
        ("AWS_REGION".to_owned(), host.control.region.clone()),
        ("AWS_DEFAULT_REGION".to_owned(), host.control.region.clone()),
    ];
    let mode = task.wanted.network_mode.as_deref();
    if mode == Some("awsvpc") && task.wanted.launch_type.as_deref() == Some("FARGATE") {
        variables.push(("AWS_EXECUTION_ENV".to_owned(), "AWS_ECS_FARGATE".to_owned()));
    } else {
        variables.push(("AWS_EXECUTION_ENV".to_owned(), "AWS_ECS_EC2".to_owned()));
    }
    let (Some(place), Some(container)) = (host.vendor.get(), task.containers.get(index)) else { return variables };
    // At a loopback address only who is in the host's network reaches it.
    if mode == Some("none") || (place.at.ip().is_loopback() && mode != Some("host")) {
        return variables;
    }
    let url = place.url();
    if let Some(id) = &task.credentials_id {
        variables.push(match place.is_usual() {
            true => ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI".to_owned(), format!("/v2/credentials/{id}")),
            false => ("AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned(), format!("{url}/v2/credentials/{id}")),
        });
    }
    let id = &container.metadata_id;
    variables.push(("ECS_CONTAINER_METADATA_URI".to_owned(), format!("{url}/v3/{id}")));
    variables.push(("ECS_CONTAINER_METADATA_URI_V4".to_owned(), format!("{url}/v4/{id}")));
    variables
}
