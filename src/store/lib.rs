//! All metadata, in SQLite or Postgres. The only crate that knows SQL; one file per table.
//!
//! SQL is written once in a dialect that both databases accept; what differs lives in [`dialect`]. A function of a
//! table's module takes the connection first, so that inside a transaction everything uses that transaction. Nothing
//! here decides anything: rules are in `app`.

mod conn;
mod db;
mod dialect;
mod error;
mod metrics;
pub mod migrations;
mod postgres;
mod row;
mod sqlite;
mod sqlite_log;
mod sqlite_readers;
mod sqlite_writer;
#[cfg(test)]
mod tests;
mod value;

pub mod access_keys;
pub mod account_aliases;
pub mod accounts;
pub mod advisories;
pub mod advisory_ecosystems;
pub mod advisory_packages;
pub mod audit_events;
pub mod blob_reviews;
pub mod blobs;
pub mod cached_tags;
pub mod clusters;
pub mod container_instances;
pub mod deleted_manifests;
pub mod ecs_account_settings;
pub mod ecs_tags;
pub mod edges;
pub mod group_members;
pub mod groups;
pub mod iam_tags;
pub mod image_scan_findings;
pub mod image_scans;
pub mod image_uses;
pub mod inline_policies;
pub mod jobs;
pub mod layer_contents;
pub mod lifecycle_policies;
pub mod lifecycle_preview_results;
pub mod lifecycle_previews;
pub mod manifest_storage;
pub mod manifests;
pub mod open_id_connect_providers;
pub mod policies;
pub mod policy_attachments;
pub mod policy_versions;
pub mod pull_gates;
pub mod pull_through_cache_rules;
pub mod pull_time_exclusions;
pub mod registry_settings;
pub mod registry_usage;
pub mod removals;
pub mod replications;
pub mod repositories;
pub mod repository_blobs;
pub mod repository_creation_templates;
pub mod repository_policies;
pub mod repository_usage;
pub mod resource_tags;
pub mod roles;
pub mod scan_requests;
pub mod service_deployments;
pub mod service_events;
pub mod service_tasks;
pub mod services;
pub mod signing_keys;
pub mod stamps;
pub mod store_usage;
pub mod tags;
pub mod task_definitions;
pub mod tasks;
pub mod unlinked_blobs;
pub mod upload_parts;
pub mod uploads;
pub mod upstream_credentials;
pub mod usage;
pub mod users;
pub mod webhook_deliveries;
pub mod webhooks;

pub use conn::Conn;
pub use db::{Commit, Config, Db, Pending};
pub use error::{Error, Result};
pub use metrics::PoolUsage;
