//! The audit log: every management call, every push and delete, and everything that was refused, as JSON with
//! CloudTrail's field names. What only reads is not kept for pulls; nothing that is kept holds a secret.
//!
//! Events are rows, written in batches by one task. An event of a management change is stored before its answer goes
//! out; the others wait a moment in memory (see docs/decisions/0009-audit-log.md).

mod event;
mod redact;
mod retention;
mod writer;

use std::time::Duration;

use serde_json::Value;
use store::Db;
use store::audit_events::AuditEventRow;
use types::Timestamp;
use uuid::Uuid;

pub use self::event::{Caller, Event, WebIdentity};
pub use self::retention::discard_old;
use self::writer::Writer;
use crate::{App, Error, Result};

/// When an event must be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Before the caller goes on.
    Now,
    /// Within a moment. The caller waits only if very many events wait.
    Soon,
    /// Within a moment, if there is room: for what anybody can cause.
    Maybe,
}

/// The audit log of one process.
pub(crate) struct Audit {
    writer: Writer,
    retention: Duration,
}

impl Audit {
    pub(crate) fn new(db: Db, retention: Duration) -> Self {
        Self { writer: Writer::start(db), retention }
    }

    /// Stores what waits.
    pub(crate) async fn flush(&self) {
        self.writer.flush().await;
    }
}

/// Whether there is an audit log at all.
pub fn is_on(app: &App) -> bool {
    !app.audit.retention.is_zero()
}

/// An event as it will be kept.
pub struct Prepared {
    row: AuditEventRow,
    urgency: Urgency,
}

/// Puts an event into its form, without its secrets. None if there is no audit log.
pub fn prepare(app: &App, event: Event<'_>, urgency: Urgency) -> Option<Prepared> {
    if !is_on(app) {
        return None;
    }
    let event_id = Uuid::now_v7().hyphenated().to_string();
    let event = event.into_json(app, &event_id, app.now());
    Some(Prepared { row: AuditEventRow { event_id, event }, urgency })
}

/// Keeps an event.
pub async fn record(app: &App, prepared: Option<Prepared>) {
    if let Some(Prepared { row, urgency }) = prepared {
        app.audit.writer.write(row, urgency).await;
    }
}

/// Keeps what an operator did beside the registry.
pub async fn record_command(app: &App, name: &str, parameters: Value, failure: Option<&str>) {
    let event = Event {
        source: "wharf.admin",
        name,
        region: None,
        read_only: false,
        caller: Caller::Operator,
        address: None,
        user_agent: concat!("wharf/", env!("CARGO_PKG_VERSION")),
        request_id: "",
        parameters,
        response: Value::Null,
        error: failure.map(|message| ("Failed", message)),
    };
    record(app, prepare(app, event, Urgency::Now)).await;
}

/// One page of events for `wharf audit`, oldest first: those after `after`, which is the id of an event or what
/// [`place`] gives, and before `before`.
pub async fn list(db: &Db, after: &str, before: Timestamp, limit: usize) -> Result<Vec<AuditEventRow>> {
    let mut conn = db.reader().await?;
    store::audit_events::list(&mut conn, after, &place(before), limit).await.map_err(Error::from)
}

/// The id that all events of a time sort behind.
pub fn place(time: Timestamp) -> String {
    let milliseconds = u64::try_from(time.micros() / 1000).unwrap_or_default();
    Uuid::from_u128(u128::from(milliseconds) << 80).hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_sort_behind_the_place_of_their_time() {
        let now = Timestamp::from(std::time::SystemTime::now());
        let id = Uuid::now_v7().hyphenated().to_string();
        assert!(place(now.before(Duration::from_secs(1))) < id);
        assert!(id < place(now.after(Duration::from_secs(1))));
    }
}
