//! Activities: what was scaled, why, and how it ended. They are kept for six weeks.

use std::time::Duration;

use app::{App, Error as Rule};
use aws::Moment;
use serde::{Deserialize, Serialize};
use store::scaling_activities::{self, ScalingActivityRow};
use store::{Conn, Pending};
use types::{RegistryId, Timestamp};
use uuid::Uuid;

use crate::names::{DIMENSION, NAMESPACE};

/// How long they are kept.
const KEPT: Duration = Duration::from_secs(42 * 24 * 3600);
/// Rows of one transaction that deletes.
const BATCH: usize = 1_000;

/// What a row keeps of an activity.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Document {
    pub(crate) description: String,
    pub(crate) cause: String,
    pub(crate) status_message: String,
}

/// An activity as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScalingActivity {
    activity_id: String,
    service_namespace: &'static str,
    resource_id: String,
    scalable_dimension: &'static str,
    description: String,
    cause: String,
    start_time: Moment,
    end_time: Moment,
    status_code: &'static str,
    status_message: String,
}

impl From<ScalingActivityRow> for ScalingActivity {
    fn from(row: ScalingActivityRow) -> Self {
        // It was written here.
        let document: Document = serde_json::from_str(&row.document).unwrap_or_default();
        Self {
            activity_id: row.activity_id,
            service_namespace: NAMESPACE,
            resource_id: row.resource_id,
            scalable_dimension: DIMENSION,
            description: document.description,
            cause: document.cause,
            start_time: row.started_at.into(),
            // A count is set in one transaction, and what comes of it is told by the service.
            end_time: row.started_at.into(),
            status_code: "Successful",
            status_message: document.status_message,
        }
    }
}

/// Notes an activity in the transaction that does it.
pub(crate) async fn note(
    conn: &mut Conn,
    registry: &RegistryId,
    resource_id: &str,
    document: &Document,
    now: Timestamp,
) -> app::Result<()> {
    let row = ScalingActivityRow {
        activity_id: Uuid::now_v7().to_string(),
        resource_id: resource_id.to_owned(),
        document: serde_json::to_string(document).map_err(|_| Rule::Internal)?,
        started_at: now,
    };
    Ok(scaling_activities::insert(conn, registry, &row).await?)
}

/// Forgets some of what is too old. True if there may be more.
pub async fn forget(app: &App) -> app::Result<bool> {
    let before = app.now().before(KEPT);
    let deleted = app
        .db()
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(scaling_activities::delete_before(conn, before, BATCH).await?) })
                as Pending<'_, u64, Rule>
        })
        .await?;
    Ok(deleted > 0)
}
