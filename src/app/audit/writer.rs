//! The task that writes events, many at a time. What waits is bounded; what cannot be stored goes to the log, so that it
//! is not lost with the database.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use store::audit_events::AuditEventRow;
use store::{Db, Pending};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use super::Urgency;

/// Events that may wait.
const CAPACITY: usize = 8_192;
/// Room that is left for events that nobody but a known caller can cause.
const RESERVED: usize = CAPACITY / 2;
/// Events of one statement.
const BATCH: usize = 256;
/// How long an event waits for others.
const GATHER: Duration = Duration::from_millis(100);
/// How often, and how long apart, a batch is tried.
const TRIES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

pub(super) struct Writer {
    sender: mpsc::Sender<Waiting>,
    /// Refusals of unknown callers that were not kept for want of room.
    skipped: AtomicU64,
}

struct Waiting {
    event: Option<AuditEventRow>,
    /// Who waits until it is stored.
    stored: Option<oneshot::Sender<()>>,
}

impl Writer {
    pub(super) fn start(db: Db) -> Self {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        tokio::spawn(run(db, receiver));
        Self { sender, skipped: AtomicU64::new(0) }
    }

    pub(super) async fn write(&self, event: AuditEventRow, urgency: Urgency) {
        match urgency {
            Urgency::Now => self.wait(Some(event)).await,
            Urgency::Soon => {
                // The receiver ends with the process.
                let _ = self.sender.send(Waiting { event: Some(event), stored: None }).await;
            }
            Urgency::Maybe if self.sender.capacity() > RESERVED => {
                let _ = self.sender.try_send(Waiting { event: Some(event), stored: None });
            }
            Urgency::Maybe => {
                let skipped = self.skipped.fetch_add(1, Ordering::Relaxed) + 1;
                if skipped.is_power_of_two() {
                    tracing::warn!(skipped, "refusals of unknown callers come faster than the audit log can keep them");
                }
            }
        }
    }

    pub(super) async fn flush(&self) {
        self.wait(None).await;
    }

    async fn wait(&self, event: Option<AuditEventRow>) {
        let (stored, done) = oneshot::channel();
        if self.sender.send(Waiting { event, stored: Some(stored) }).await.is_ok() {
            let _ = done.await;
        }
    }
}

async fn run(db: Db, mut receiver: mpsc::Receiver<Waiting>) {
    while let Some(first) = receiver.recv().await {
        let until = Instant::now() + GATHER;
        let mut awaited = first.stored.is_some();
        let mut batch = vec![first];
        while batch.len() < BATCH {
            let next = match receiver.try_recv() {
                Ok(next) => next,
                Err(_) if awaited => break,
                Err(_) => match timeout_at(until, receiver.recv()).await {
                    Ok(Some(next)) => next,
                    Ok(None) | Err(_) => break,
                },
            };
            awaited |= next.stored.is_some();
            batch.push(next);
        }
        let (events, stored): (Vec<_>, Vec<_>) = batch.into_iter().map(|one| (one.event, one.stored)).unzip();
        let events: Vec<AuditEventRow> = events.into_iter().flatten().collect();
        if !events.is_empty() {
            store(&db, events).await;
        }
        for waiting in stored.into_iter().flatten() {
            let _ = waiting.send(());
        }
    }
}

async fn store(db: &Db, events: Vec<AuditEventRow>) {
    for pause in TRIES {
        let batch = events.clone();
        let written = db
            .write(move |conn| {
                Box::pin(async move { store::audit_events::insert(conn, &batch).await })
                    as Pending<'_, (), store::Error>
            })
            .await;
        match written {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, events = events.len(), "the audit log cannot be written at the moment")
            }
        }
        sleep(pause).await;
    }
    for event in events {
        tracing::error!(event = event.event, "an event could not be kept in the audit log");
    }
}
