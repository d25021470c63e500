//! `wharf serve`: runs the registry until it is told to stop.

use std::fs::{File, OpenOptions};
use std::io::{Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use app::bootstrap::{self, AccessKey};
use balancer::Balancer;
use jobs::{JobMetrics, UsageMetrics};
use listener::{Limits, Listener, Tls};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::metrics::Metrics;
use crate::pool_metrics::PoolMetrics;
use crate::telemetry::Log;
use crate::{open, own_agent, router};

/// How long cut off uploads may take to record what they received.
const SETTLE: Duration = Duration::from_secs(5);

pub(crate) async fn run(config: &Config, log: &Log) -> Result<()> {
    let tls = config.tls.clone().map(Tls::new).transpose().context("cannot use the TLS certificate")?;
    let (own_limits, balanced_limits) = match config.balancer {
        true => limits(config).beside_balanced(),
        false => (limits(config), limits(config)),
    };
    let listener = Listener::bind(config.listen, tls, own_limits)
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let app = open::application(config).await?;
    let configured = config.root_key.as_ref().map(|key| AccessKey {
        access_key_id: key.access_key_id.clone(),
        secret_access_key: key.secret_access_key.clone(),
    });
    let proposed = if configured.is_none() { bootstrap::propose(&app)? } else { None };
    let draft = proposed.as_ref().map(|key| draft(config, key)).transpose()?;
    let in_force =
        bootstrap::run(&app, configured, proposed.clone()).await.context("cannot set up the root access key")?;
    if let (Some(key), Some(draft)) = (&proposed, draft) {
        match in_force {
            true => announce(config, &listener, key, &draft)?,
            // Another process was faster.
            false => std::fs::remove_file(&draft).with_context(|| format!("cannot remove {}", draft.display()))?,
        }
    }
    let mut metrics = Metrics::new();
    metrics.registry().register_collector(Box::new(log.metrics()));
    app.blobs().metrics().register(metrics.registry());
    metrics.registry().register_collector(Box::new(PoolMetrics::new(app.db().clone())));
    let job_metrics = JobMetrics::default();
    metrics.registry().register_collector(Box::new(job_metrics.clone()));
    let usage_metrics = UsageMetrics::default();
    metrics.registry().register_collector(Box::new(usage_metrics.clone()));
    let balancer = config.balancer.then(|| Balancer::start(&app, balancing(config, balanced_limits)));
    if let Some(balancer) = &balancer {
        metrics.registry().register_collector(Box::new(balancer.metrics()));
    }
    let service = router::build(config, &app, metrics);
    let jobs = jobs::start(&app, &job_metrics, &usage_metrics);
    tracing::info!(
        address = %listener.local_address(),
        tls = config.tls.is_some(),
        database = config.database.shown(),
        version = env!("CARGO_PKG_VERSION"),
        "the registry is ready"
    );
    let agent = own_agent::start(config, &app, &listener);
    let stopping = CancellationToken::new();
    let stop = stop_signal()?;
    let balanced = balancer.map(|balancer| {
        // Both stop at the same time, each with a grace of its own.
        let told = stopping.clone();
        tokio::spawn(async move {
            told.cancelled().await;
            balancer.stop().await;
        })
    });
    let stopped = listener
        .serve(service, async move {
            stop.await;
            // First, since it is a client of this process, and one that stays connected. Its tasks run on; the next process
            // finds them.
            agent.inspect(|agent| agent.abort());
            stopping.cancel();
        })
        .await;
    if let Some(balanced) = balanced {
        let _ = balanced.await;
    }
    drop(jobs);
    app.settle(SETTLE).await;
    app.db().close().await;
    tracing::info!(finished = stopped.finished, cut_off = stopped.cut_off, "the registry has stopped");
    Ok(())
}

/// What clients may take, of the registry and of load balancers alike.
fn limits(config: &Config) -> Limits {
    Limits {
        connections: config.max_connections as usize,
        idle: config.idle_timeout,
        grace: config.shutdown_grace,
        ..Limits::default()
    }
}

/// How this process balances.
fn balancing(config: &Config, limits: Limits) -> balancer::Config {
    balancer::Config {
        address: config.balancer_address.unwrap_or(config.listen.ip()),
        tls: config.balancer_tls.clone().or_else(|| config.tls.clone()),
        limits,
    }
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
        tracing::info!("stopping: no new connections, requests in flight may finish");
    })
}

/// Writes a file with the root key, which only its owner can read, before the key is in force: a start that ends in between
/// loses no key. Returns its path.
fn draft(config: &Config, key: &AccessKey) -> Result<PathBuf> {
    let path = config.data_dir.join(format!(".credentials.{}", std::process::id()));
    let (id, secret) = (&key.access_key_id, key.secret_access_key.expose());
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        write!(file, "[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")?;
        file.sync_all()?;
        File::open(&config.data_dir)?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Gives the file of the generated root key its name, and shows the key, once.
fn announce(config: &Config, listener: &Listener, key: &AccessKey, draft: &Path) -> Result<()> {
    // In place of a file that is there, whoever can read that one.
    let path = config.data_dir.join("credentials");
    std::fs::rename(draft, &path)
        .with_context(|| format!("cannot write {}; the root access key is in {}", path.display(), draft.display()))?;
    let host = match &config.external_url {
        Some(url) => url.split("://").nth(1).unwrap_or(url).to_owned(),
        None => {
            let address = listener.local_address();
            // "Every address" is no address to log in to.
            if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() }
        }
    };
    let (id, secret) = (&key.access_key_id, key.secret_access_key.expose());
    // Whoever does not read it has the file.
    let _ = writeln!(
        stdout(),
        "Root access key (also in {}, readable by you alone):\n  \
           access key id:     {id}\n  \
           secret access key: {secret}\n\
         Log in with:\n  \
           docker login -u {id} -p {secret} {host}",
        path.display()
    );
    Ok(())
}
