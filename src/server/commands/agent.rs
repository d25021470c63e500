//! `wharf agent`: makes this host a container instance of a cluster, and runs the tasks that the control plane gives it.
//! It opens no database: everything that it needs of the registry it asks for, as any client does. So does an agent in the
//! process of the server.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use node::engine::docker::Docker;
use node::engine::simulated::Simulated;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::config::{AgentArguments, Config};
use crate::credential_helper::{Environment, credentials, region};

/// What stands for an engine in memory, for tests and demonstrations of a control plane.
const SIMULATED: &str = "simulated";

/// Where engines put their sockets.
const SOCKETS: [&str; 2] = ["/var/run/docker.sock", "/run/podman/podman.sock"];

pub(crate) async fn run(
    config: Config,
    arguments: AgentArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    match agent(&config, arguments, &Environment::new(variables)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn agent(config: &Config, arguments: AgentArguments, environment: &Environment) -> Result<()> {
    let server = server(&arguments.server)?;
    let Some(credentials) = credentials(environment).map_err(anyhow::Error::msg)? else {
        bail!("there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
    };
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
        vendor,
        task_network: arguments.task_network,
    };
    tracing::info!(cluster = settings.cluster, server = settings.server, engine = socket, "the agent starts");
    on(&socket, settings, config, stop_signal()?).await?;
    tracing::info!("the agent has stopped; its tasks run on");
    Ok(())
}

/// An agent in the process of the server.
pub(crate) struct Beside {
    end: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Beside {
    /// Starts one if the settings name a cluster. What it lacks is said in the log: the registry serves without it.
    pub(crate) fn start(config: &Config, address: SocketAddr) -> Option<Self> {
        let cluster = config.agent_cluster.clone()?;
        let (end, ended) = oneshot::channel();
        let config = config.clone();
        let running = tokio::spawn(async move {
            let until = async {
                let _ = ended.await;
            };
            if let Err(error) = beside(&config, cluster, address, until).await {
                tracing::warn!(error = format!("{error:#}"), "this process runs no tasks");
            }
        });
        Some(Self { end, running })
    }

    /// Ends it. Its tasks run on.
    pub(crate) async fn end(self) {
        let _ = self.end.send(());
        let _ = self.running.await;
    }
}

async fn beside(config: &Config, cluster: String, address: SocketAddr, until: impl Future<Output = ()>) -> Result<()> {
    let socket = match &config.agent_engine {
        Some(socket) => socket.clone(),
        None => find_socket().context("no container engine is found: neither Docker's socket nor Podman's is there")?,
    };
    let credentials = match &config.root_key {
        Some(key) => aws::Credentials {
            access_key_id: key.access_key_id.clone(),
            secret_access_key: key.secret_access_key.clone(),
            session_token: None,
        },
        // That of the first start is kept there.
        None => {
            let path = config.data_dir.join("credentials").into_os_string();
            let file = Environment::new([(OsString::from("AWS_SHARED_CREDENTIALS_FILE"), path)]);
            let found = credentials(&file).map_err(anyhow::Error::msg)?;
            found.context("the root access key is not known here; set WHARF_ROOT_ACCESS_KEY_ID and its secret")?
        }
    };
    // A certificate is for the name that clients use.
    let server = match (&config.external_url, &config.tls) {
        (Some(url), Some(_)) => url.clone(),
        (None, Some(_)) => bail!("with TLS an agent in this process needs WHARF_EXTERNAL_URL"),
        (_, None) if address.ip().is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
        (_, None) => format!("http://{address}"),
    };
    tracing::info!(cluster, engine = socket, "this process runs tasks as well");
    let settings = node::Config {
        cluster,
        server,
        region: config.region.as_str().to_owned(),
        credentials,
        data: config.data_dir.join("agent"),
        attributes: BTreeMap::new(),
        reserved_cpu: 0,
        reserved_memory: 0,
        cleanup_after: node::Config::CLEANUP_AFTER,
        vendor: Some(node::Config::VENDOR),
        task_network: node::Config::TASK_NETWORK.to_owned(),
    };
    on(&socket, settings, config, until).await
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
fn find_socket() -> Option<String> {
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
