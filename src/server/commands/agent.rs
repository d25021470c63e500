//! `wharf agent`: makes this host a container instance of a cluster, and runs the tasks that the control plane gives it.
//! It opens no database: everything that it needs of the registry it asks for, as any client does.

use std::ffi::OsString;
use std::future::Future;
use std::path::Path;

use anyhow::{Context, Result, bail};
use node::engine::docker::Docker;
use node::engine::simulated::Simulated;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{AgentArguments, Config};
use crate::credential_helper::{Environment, plan, region};

/// What stands for an engine in memory, for tests and demonstrations of a control plane.
const SIMULATED: &str = "simulated";

/// Where engines put their sockets.
const SOCKETS: [&str; 2] = ["/var/run/docker.sock", "/run/podman/podman.sock"];

pub(crate) async fn run(
    config: &Config,
    arguments: AgentArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<()> {
    let environment = &Environment::new(variables);
    let server = server(&arguments.server)?;
    let Some(plan) = plan(environment).map_err(anyhow::Error::msg)? else {
        bail!("there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
    };
    let credentials = plan.keys().context(
        "the agent asks with the same credentials as long as it runs, and those of a role or a process end; \
         set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with keys in AWS_PROFILE",
    )?;
    let vendor = match arguments.credentials_address.as_str() {
        "none" => None,
        address => {
            Some(address.parse().with_context(|| format!("'{address}' is neither an address and port nor none"))?)
        }
    };
    let socket = match &arguments.engine {
        Some(socket) => socket.clone(),
        None => find_socket()
            .context("no container engine is found; start Docker or Podman, or name its socket with --engine")?,
    };
    let settings = node::Config {
        cluster: cluster(&arguments.cluster),
        region: region(environment, host(&server)),
        server,
        credentials,
        data: arguments.agent_data.unwrap_or_else(|| config.data_dir.join("agent")),
        attributes: arguments.attributes.into_iter().collect(),
        reserved_cpu: arguments.reserved_cpu,
        reserved_memory: arguments.reserved_memory,
        cleanup_after: arguments.cleanup_after,
        confine_tasks: arguments.confine_tasks,
        image_cleanup: (!arguments.keep_images).then_some(node::ImageCleanup {
            interval: arguments.image_cleanup_interval,
            age: arguments.image_cleanup_age,
            count: arguments.image_cleanup_count,
        }),
        vendor,
        task_network: arguments.task_network,
    };
    tracing::info!(cluster = settings.cluster, server = settings.server, engine = socket, "the agent starts");
    on(&socket, settings, config, stop_signal()?).await?;
    tracing::info!("the agent has stopped; its tasks run on");
    Ok(())
}

/// Runs an agent on an engine: that of a socket, or one in memory.
async fn on(socket: &str, settings: node::Config, config: &Config, until: impl Future<Output = ()>) -> Result<()> {
    let client = outbound::Client::new(config.outbound.clone());
    if socket == SIMULATED {
        tracing::warn!("the engine is in memory: nothing runs");
        return Ok(node::run(settings, Simulated::default(), client, until).await?);
    }
    let engine = Docker::connect(socket).await.with_context(|| format!("the engine at {socket} cannot be used"))?;
    Ok(node::run(settings, engine, client, until).await?)
}

/// The socket of an engine of this host, if there is one.
pub(crate) fn find_socket() -> Option<String> {
    let socket = SOCKETS.iter().find(|socket| Path::new(socket).exists())?;
    Some(format!("unix://{socket}"))
}

/// The URL of the control plane. Amazon's agent takes a host alone for one of HTTPS, and so does this one.
fn server(text: &str) -> Result<String> {
    let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    match url.split_once("://") {
        Some(("http" | "https", rest)) if !rest.is_empty() => Ok(url.trim_end_matches('/').to_owned()),
        _ => bail!("'{text}' is not the URL of a control plane"),
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or_default()
}

/// The name of a cluster that is given by name or ARN.
fn cluster(text: &str) -> String {
    text.rsplit('/').next().unwrap_or(text).to_owned()
}

/// Completes when the process is asked to stop.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_plane_is_a_url_or_a_host() {
        assert_eq!(server("wharf.example.com").unwrap(), "https://wharf.example.com");
        assert_eq!(server("http://10.0.0.1:5000/").unwrap(), "http://10.0.0.1:5000");
        assert!(server("ftp://x").is_err());
        assert!(server("https://").is_err());
        assert_eq!(host("http://wharf.example.com:5000"), "wharf.example.com");
        assert_eq!(cluster("arn:aws:ecs:us-east-1:000000000000:cluster/blue"), "blue");
        assert_eq!(cluster("blue"), "blue");
    }
}
