//! `wharf serve`: runs the registry until it is told to stop.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
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
    if let Some(key) = bootstrap::run(&app, configured).await.context("cannot set up the root access key")? {
        announce(config, &listener, &key)?;
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

/// Shows the generated root key, once, and keeps it in a file that only its owner can read.
fn announce(config: &Config, listener: &Listener, key: &AccessKey) -> Result<()> {
    let host = match &config.external_url {
        Some(url) => url.split("://").nth(1).unwrap_or(url).to_owned(),
        None => {
            let address = listener.local_address();
            // "Every address" is no address to log in to.
            if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() }
        }
    };
    let (id, secret) = (&key.access_key_id, key.secret_access_key.expose());
    let path = config.data_dir.join("credentials");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    write!(file, "[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")?;
    file.sync_all()?;
    println!("Root access key (also in {}, readable by you alone):", path.display());
    println!("  access key id:     {id}");
    println!("  secret access key: {secret}");
    println!("Log in with:");
    println!("  docker login -u {id} -p {secret} {host}");
    Ok(())
}
