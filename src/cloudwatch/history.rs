//! What became of alarms, as DescribeAlarmHistory tells it.

use std::time::Duration;

use app::{App, Error as Rule};
use serde_json::Value;
use store::alarm_history::{self, AlarmHistoryRow};
use store::{Conn, Pending};
use types::{RegistryId, Timestamp};
use uuid::Uuid;

/// How long it is kept, as on AWS.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Rows of one transaction that deletes.
const BATCH: usize = 500;

/// Notes something that became of an alarm.
pub(crate) async fn note(
    conn: &mut Conn,
    registry: &RegistryId,
    alarm_name: &str,
    (kind, summary, data): (&str, String, Value),
    now: Timestamp,
) -> store::Result<()> {
    let row = AlarmHistoryRow {
        history_id: Uuid::now_v7().simple().to_string(),
        alarm_name: alarm_name.to_owned(),
        recorded_at: now,
        kind: kind.to_owned(),
        summary,
        data: data.to_string(),
    };
    alarm_history::insert(conn, registry, &row).await
}

/// Forgets what is too old. Whether there may be more.
pub(crate) async fn expire(app: &App) -> app::Result<bool> {
    let before = app.now().before(KEPT);
    let deleted = app
        .db()
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(alarm_history::delete_before(conn, before, BATCH).await?) })
                as Pending<'_, u64, Rule>
        })
        .await?;
    Ok(deleted == BATCH as u64)
}
