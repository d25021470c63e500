//! The agent as a whole: what is started in which order, and how it ends.

use std::sync::{Arc, OnceLock};

use outbound::Client;

use crate::board::Board;
use crate::control::Control;
use crate::engine::Engine;
use crate::host::Host;
use crate::images::{self, Images};
use crate::journal::Journal;
use crate::network::ports::Rows;
use crate::register::register;
use crate::runner::Runner;
use crate::vendor::tags::Tags;
use crate::wallet::Wallet;
use crate::{Config, Error, Result, session, telemetry, vendor};

/// Runs an agent until the future is done. What runs on the host then goes on; the next agent finds it.
pub async fn run<E: Engine>(config: Config, engine: E, client: Client, until: impl Future<Output = ()>) -> Result<()> {
    let version = engine.version().await.map_err(|error| Error::Engine(error.0))?;
    let log_drivers = engine.log_drivers().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the engine does not say which log drivers it has");
        Vec::new()
    });
    let (journal, _lock) = Journal::open(&config.data)?;
    let control = Control {
        client,
        server: config.server.clone(),
        region: config.region.clone(),
        credentials: config.credentials.clone(),
    };
    let host = Arc::new(Host {
        config,
        engine,
        control,
        images: Images::open(&journal),
        journal,
        wallet: Wallet::default(),
        board: Board::default(),
        rows: Rows::default(),
        tags: Tags::default(),
        vendor: OnceLock::new(),
    });
    // An agent that is tried again in this process wants the same address.
    let _vendor = vendor::start(&host).await;
    tokio::pin!(until);
    let instance = tokio::select! {
        instance = register(&host, &version, &log_drivers) => instance?,
        () = &mut until => return Ok(()),
    };
    let (arn, version): (Arc<str>, Arc<str>) = (instance.arn.as_str().into(), version.as_str().into());
    let (runner, outbox) = Runner::start(host.clone(), instance).await?;
    tokio::spawn(session::run(host.clone(), arn.clone(), version.clone(), outbox.clone()));
    // The tasks that go on are on the board by now.
    tokio::spawn(images::cleanup::run(host.clone(), outbox.clone()));
    tokio::spawn(telemetry::run(host, arn, version, outbox));
    runner.run(until).await
}
