//! One round of closed-loop load: every client does one operation after another until the time is up. Connections are
//! opened before the clock starts. It knows neither HTTP nor what the operations are.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::task::JoinSet;

/// One client of a measure.
pub(crate) trait Client {
    /// Opens a fresh connection; before the clock starts, and after an error.
    async fn connect(&mut self) -> Result<()>;
    /// One operation; gives the payload bytes that it moved.
    async fn turn(&mut self) -> Result<u64>;
}

/// When a round ends.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// No client begins an operation after this.
    pub(crate) length: Duration,
    /// Nor when this many were begun by all together.
    pub(crate) operations: u64,
    /// Whether every client does one operation whatever the clock says.
    pub(crate) one_each: bool,
}

/// What one round gave.
#[derive(Default)]
pub(crate) struct Round {
    /// Durations of the operations that succeeded, in microseconds.
    pub(crate) latencies: Vec<u32>,
    /// Payload bytes of the operations that succeeded.
    pub(crate) bytes: u64,
    /// From the start of the clock to the end of the last operation.
    pub(crate) elapsed: Duration,
    /// How many operations failed.
    pub(crate) errors: u64,
    /// The first failure's text.
    pub(crate) first_error: Option<String>,
}

/// A server that does not finish a round in this time beyond its length is taken to hang.
const PATIENCE: Duration = Duration::from_secs(180);
/// A pause after a failure, so that a server that refuses everything is not asked in a tight loop.
const AFTER_ERROR: Duration = Duration::from_millis(20);

impl Pace {
    /// Every client as often as it can for this long, at least once.
    pub(crate) fn timed(length: Duration) -> Self {
        Self { length, operations: u64::MAX, one_each: true }
    }
}

/// Runs one round; the clients are given back for the next one.
pub(crate) async fn run<C: Client + 'static>(clients: Vec<C>, pace: Pace) -> (Vec<C>, Round) {
    let mut total = Round::default();
    let mut ready = Vec::with_capacity(clients.len());
    for mut client in clients {
        if let Err(error) = client.connect().await {
            total.fail(&error);
        }
        ready.push(client);
    }
    let count = ready.len();
    let begun = Rc::new(Cell::new(0_u64));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for client in ready {
        tasks.spawn_local(drive(client, pace, started, Rc::clone(&begun)));
    }
    let mut clients = Vec::with_capacity(count);
    let deadline = tokio::time::Instant::from_std(started + pace.length + PATIENCE);
    while let Ok(Some(done)) = tokio::time::timeout_at(deadline, tasks.join_next()).await {
        match done {
            Ok((client, round)) => {
                clients.push(client);
                total.merge(round);
            }
            Err(error) => total.fail(&anyhow!(error)),
        }
    }
    if !tasks.is_empty() {
        total.fail(&anyhow!("{} clients hung", tasks.len()));
        tasks.shutdown().await;
    }
    (clients, total)
}

async fn drive<C: Client>(mut client: C, pace: Pace, started: Instant, begun: Rc<Cell<u64>>) -> (C, Round) {
    let mut round = Round::default();
    let mut now = started;
    let mut first = pace.one_each;
    while (first || now - started < pace.length) && begun.get() < pace.operations {
        first = false;
        begun.set(begun.get() + 1);
        let before = now;
        let outcome = client.turn().await;
        now = Instant::now();
        match outcome {
            Ok(bytes) => {
                round.bytes += bytes;
                round.latencies.push(u32::try_from((now - before).as_micros()).unwrap_or(u32::MAX));
            }
            Err(error) => {
                round.fail(&error);
                tokio::time::sleep(AFTER_ERROR).await;
                if let Err(error) = client.connect().await {
                    round.fail(&error);
                }
                now = Instant::now();
            }
        }
    }
    round.elapsed = now - started;
    (client, round)
}

impl Round {
    fn merge(&mut self, other: Self) {
        self.latencies.extend_from_slice(&other.latencies);
        self.bytes += other.bytes;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    fn fail(&mut self, error: &anyhow::Error) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| format!("{error:#}"));
    }
}
