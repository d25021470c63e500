//! What several operations answer with.

use serde::Serialize;
use store::log_groups::LogGroupRow;
use store::log_streams::LogStreamRow;
use types::{Arn, RegistryId};

use crate::event::{Event, millis};
use crate::events::Found;
use crate::names::group_arn;

/// A group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogGroup {
    log_group_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<u64>,
    metric_filter_count: u32,
    arn: String,
    log_group_arn: String,
    stored_bytes: u64,
    log_group_class: &'static str,
    deletion_protection_enabled: bool,
}

impl LogGroup {
    pub(crate) fn of(row: LogGroupRow) -> Self {
        Self {
            arn: group_arn(&row.registry, &row.name),
            log_group_arn: Arn::log_group(&row.registry, &row.name).to_string(),
            log_group_name: row.name,
            creation_time: millis(row.created_at),
            retention_in_days: row.retention_days,
            metric_filter_count: 0,
            stored_bytes: row.stored_bytes,
            log_group_class: "STANDARD",
            deletion_protection_enabled: false,
        }
    }
}

/// A stream.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogStream {
    log_stream_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<i64>,
    /// Absent before the first event.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_sequence_token: Option<String>,
    arn: String,
    /// AWS counts these no more.
    stored_bytes: u64,
}

impl LogStream {
    pub(crate) fn of(registry: &RegistryId, group: &str, row: LogStreamRow) -> Self {
        let last = row.first_event_at.map(|_| millis(row.last_event_at));
        Self {
            arn: Arn::log_stream(registry, group, &row.name).to_string(),
            log_stream_name: row.name,
            creation_time: millis(row.created_at),
            first_event_timestamp: row.first_event_at.map(millis),
            last_event_timestamp: last,
            last_ingestion_time: row.last_ingested_at.map(millis),
            upload_sequence_token: row.first_event_at.map(|_| format!("{:056}", row.next_sequence)),
            stored_bytes: 0,
        }
    }
}

/// An event of one stream.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutputLogEvent {
    timestamp: i64,
    message: String,
    ingestion_time: i64,
}

impl OutputLogEvent {
    pub(crate) fn of(event: Event) -> Self {
        Self { timestamp: event.at, message: event.message, ingestion_time: event.ingested_at }
    }
}

/// An event that was found in a group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FilteredLogEvent {
    log_stream_name: String,
    timestamp: i64,
    message: String,
    ingestion_time: i64,
    event_id: String,
}

impl FilteredLogEvent {
    pub(crate) fn of(found: Found) -> Self {
        Self {
            log_stream_name: found.stream_name,
            timestamp: found.event.at,
            message: found.event.message,
            ingestion_time: found.event.ingested_at,
            event_id: found.id,
        }
    }
}
