//! The OCI distribution API, endpoint by endpoint.

mod blobs_get;
mod catalog;
mod chunked;
mod conditional;
mod delete;
mod errors;
mod manifest_kinds;
mod manifest_validation;
mod manifests;
mod mount;
mod ping;
mod ranges;
mod referrers;
mod tags;
mod uploads;
