//! The parameter store of Systems Manager: parameters with their versions. Nothing else of Systems Manager is here.

mod change;
mod failures;
mod filters;
mod names;
mod ops;
mod put;
mod read;
mod shapes;

use app::api::Call;
use aws::{Protocol, Service};

/// The service for the dispatcher.
pub fn service() -> Service<Call> {
    Service {
        name: "ssm",
        protocol: Protocol::Json { target: "AmazonSSM" },
        operations: ops::OPERATIONS,
        missing: failures::missing,
        unsupported: |_| None,
    }
}
