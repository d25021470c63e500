//! The bytes of blobs, on local disk or on S3.
//!
//! The only crate that knows object_store and the layout of files. It hashes, stores, serves and removes immutable
//! objects under opaque keys; it never says what exists: that is the database's word, and nothing here is derived from
//! listing a directory or a bucket. It knows neither repositories nor HTTP.

mod buckets;
mod budget;
mod config;
mod disk;
mod encryption;
mod error;
mod handover;
mod hasher;
mod incoming;
mod key;
mod leftover;
mod metrics;
mod pool;
mod s3;
mod staged;
mod store;
#[cfg(test)]
mod tests;

pub use buckets::Buckets;
pub use budget::{Budget, Reserved};
pub use config::{Config, Location, S3Config};
pub use encryption::ObjectEncryption;
pub use error::{Error, IdleBody, Result};
pub use handover::{FilePart, Handover, PART, Placeholder};
pub use incoming::Append;
pub use key::Key;
pub use leftover::Leftover;
pub use metrics::Metrics;
pub use staged::{Part, Staged};
pub use store::{Blobs, Finished, ReadStream};
