//! One suite for both databases. Every test runs on SQLite, and on Postgres when `WHARF_TEST_POSTGRES_URL` names a
//! server (as a superuser); with `CI=true` its absence is a failure. Each test has databases of its own.

mod blobs;
mod cache;
mod cut_connections;
mod garbage;
mod harness;
mod hosts;
mod iam;
mod image_lifecycle;
mod jobs;
mod lifecycle;
mod migrations;
mod names;
pub(crate) mod plans;
mod postgres_pool;
mod principals;
mod references;
mod registry_settings;
mod removals;
mod repositories;
mod services;
mod sqlite_files;
mod tags;
mod transactions;
mod uploads;
