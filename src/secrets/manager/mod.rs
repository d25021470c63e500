//! Secrets Manager: secrets, their versions, and the stages by which versions are asked for.

mod failures;
mod filters;
mod names;
mod ops;
mod passwords;
mod secrets;
mod shapes;
pub(crate) mod upkeep;
mod values;
mod versions;

use app::api::Call;
use aws::{Protocol, Service};

/// The service for the dispatcher.
pub fn service() -> Service<Call> {
    Service {
        name: "secretsmanager",
        protocol: Protocol::Json { target: "secretsmanager" },
        operations: ops::OPERATIONS,
        missing: failures::missing,
        unsupported: |_| None,
    }
}
