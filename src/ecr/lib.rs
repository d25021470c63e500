//! The ECR API: one file for each operation in `ops/`, which decodes, calls one rule of `app` and shapes the answer. No
//! rule and no SQL is here.

mod error;
mod ops;
mod shapes;

use app::api::Call;
use aws::{Protocol, Service, invalid_parameter};

/// The service for the dispatcher.
pub fn service() -> Service<Call> {
    Service {
        name: "ecr",
        protocol: Protocol::Json { target: "AmazonEC2ContainerRegistry_V20150921" },
        operations: ops::OPERATIONS,
        unsupported: |_| None,
        missing: |member| invalid_parameter(member, "must not be null"),
    }
}
