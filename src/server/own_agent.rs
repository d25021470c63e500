//! The ECS agent of this process: on an install of one host, `wharf serve` runs what is pushed to it itself, as soon as it
//! finds Docker or Podman. It is the same agent as `wharf agent`, and dials this server as any other does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use app::App;
use node::engine::docker::Docker;
use tokio::task::JoinHandle;

use crate::commands::agent::find_socket;
use crate::config::{Config, OwnAgent};
use listener::Listener;

/// The cluster that this host belongs to.
const CLUSTER: &str = "default";

/// How long after a failure it is tried again: the engine may start later than this process.
const PAUSE: Duration = Duration::from_secs(10);

/// Starts it, if an engine is found. It runs until the handle is aborted.
pub(crate) fn start(config: &Config, app: &Arc<App>, listener: &Listener) -> Option<JoinHandle<()>> {
    let socket = match &config.agent {
        OwnAgent::Off => return None,
        OwnAgent::Socket(socket) => socket.clone(),
        OwnAgent::Auto => {
            let Some(socket) = find_socket() else {
                tracing::info!(
                    "no Docker or Podman is found, so this host runs no ECS tasks; `wharf agent` adds hosts"
                );
                return None;
            };
            socket
        }
    };
    let address = listener.local_address();
    let server = match &config.external_url {
        Some(url) if config.tls.is_some() => url.trim_end_matches('/').to_owned(),
        None if config.tls.is_some() => {
            tracing::warn!("this host runs no ECS tasks: with TLS its agent has to know the external URL");
            return None;
        }
        _ if address.ip().is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
        _ => format!("http://{address}"),
    };
    tracing::info!(engine = socket, cluster = CLUSTER, "this host runs ECS tasks");
    let (config, app) = (config.clone(), Arc::clone(app));
    Some(tokio::spawn(async move {
        loop {
            if let Err(error) = run(&config, &app, &server, &socket).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the agent of this process does not run; it is tried again"
                );
            }
            tokio::time::sleep(PAUSE).await;
        }
    }))
}

async fn run(config: &Config, app: &Arc<App>, server: &str, socket: &str) -> Result<()> {
    let registry = &app.config().registry;
    ecs::ensure_cluster(app, registry, CLUSTER).await.context("the cluster cannot be made")?;
    let snapshot = app.snapshot();
    let (access_key_id, secret_access_key) = snapshot.root_key(&registry.account).context("there is no root key")?;
    let engine = Docker::connect(socket).await.with_context(|| format!("the engine at {socket} cannot be used"))?;
    let settings = node::Config {
        cluster: CLUSTER.to_owned(),
        server: server.to_owned(),
        region: registry.region.as_str().to_owned(),
        credentials: aws::Credentials { access_key_id, secret_access_key, session_token: None },
        data: config.data_dir.join("agent"),
        attributes: std::collections::BTreeMap::new(),
        reserved_cpu: 0,
        reserved_memory: 0,
        cleanup_after: node::Config::CLEANUP_AFTER,
        confine_tasks: config.agent_confine_tasks,
        image_cleanup: Some(node::ImageCleanup::default()),
        vendor: Some(node::Config::VENDOR),
        task_network: node::Config::TASK_NETWORK.to_owned(),
    };
    let client = outbound::Client::new(config.outbound.clone());
    node::run(settings, engine, client, std::future::pending()).await.context("it has ended")
}
