//! The CloudWatch Logs API. It has one front, so its rules live here too: groups, streams, batches of events that become
//! chunks, how chunks are read in order and searched, and what is done with them in the background. How chunks are laid
//! out and why stands in `docs/decisions/0024-log-chunks.md`.
//!
//! Insights queries, live tails, metric filters and subscriptions are not here; their operations are unknown.

mod batch;
mod chunk;
mod error;
mod event;
mod events;
mod failures;
mod filter;
mod groups;
mod names;
mod ops;
mod paging;
mod put;
mod read;
mod shapes;
mod streams;
mod tags;
mod tokens;
pub mod upkeep;

use app::api::Call;
use aws::{Protocol, Service};

/// The service for the dispatcher.
pub fn service() -> Service<Call> {
    Service {
        name: "logs",
        protocol: Protocol::Json { target: "Logs_20140328" },
        operations: ops::OPERATIONS,
        unsupported: |_| None,
        missing: names::missing,
    }
}
