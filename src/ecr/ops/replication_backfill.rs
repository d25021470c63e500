//! A backfill as answers show it.

use app::registry::backfills::ReplicationBackfillRow;
use aws::Epoch;
use serde::Serialize;

/// Where to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Destination {
    region: String,
    registry_id: String,
}

/// How far it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Progress {
    total_replication_count: u64,
    completed_replication_count: u64,
    failed_replication_count: u64,
    failure_codes: Vec<String>,
}

/// A backfill as it was begun or stopped.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begun {
    registry_id: String,
    replication_backfill_id: String,
    destination: Destination,
    status: String,
    started_at: Epoch,
}

impl From<ReplicationBackfillRow> for Begun {
    fn from(row: ReplicationBackfillRow) -> Self {
        Self {
            registry_id: row.registry.account.to_string(),
            destination: destination(&row),
            replication_backfill_id: row.backfill_id,
            status: row.status,
            started_at: Epoch(row.started_at),
        }
    }
}

/// A backfill with how far it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    replication_backfill_id: String,
    destination: Destination,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    started_at: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Epoch>,
}

impl From<ReplicationBackfillRow> for Summary {
    fn from(row: ReplicationBackfillRow) -> Self {
        // Null while images are collected, and for ever if it was stopped then: only then are there none that were counted.
        let counted = row.status != "PREPARING" && !(row.status == "STOPPED" && row.completed + row.failed == 0);
        let destination = destination(&row);
        Self {
            destination,
            progress: counted.then_some(Progress {
                total_replication_count: row.total,
                completed_replication_count: row.completed,
                failed_replication_count: row.failed,
                failure_codes: row.failure_codes,
            }),
            replication_backfill_id: row.backfill_id,
            status: row.status,
            failure_code: row.failure_code,
            started_at: Epoch(row.started_at),
            ended_at: row.ended_at.map(Epoch),
        }
    }
}

fn destination(row: &ReplicationBackfillRow) -> Destination {
    Destination { region: row.destination.region.to_string(), registry_id: row.destination.account.to_string() }
}
