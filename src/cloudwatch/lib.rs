//! The CloudWatch API: metrics and alarms. It has one front, so its rules live here too. Metrics are kept by the minute for
//! some days ([`metrics`], which the container runner calls in this process); alarms are looked at every minute
//! ([`alarms`]), and what scales services makes some and acts on them ([`watches`]).
//!
//! One table of operations serves all three protocols: JSON, which boto3 and the CLI speak, CBOR, which the SDKs of Go, Rust
//! and Java do, and Query, which older ones do. Metric math, percentiles, composite alarms, dashboards and streams are not
//! here: what asks for them is refused.

pub mod alarms;
mod data_query;
mod datum;
mod error;
mod evaluation;
mod failures;
mod history;
pub mod metrics;
mod need;
mod ops;
mod period;
mod range;
mod shapes;
mod tokens;
pub mod watches;

use app::api::Call;
use aws::{Protocol, Service};

/// CloudWatch for clients that speak JSON.
pub fn json() -> Service<Call> {
    Service {
        name: "monitoring",
        protocol: Protocol::Json { target: "GraniteServiceVersion20100801" },
        operations: ops::OPERATIONS,
        unsupported: |_| None,
        missing: failures::missing,
    }
}

/// CloudWatch for clients that speak CBOR.
pub fn cbor() -> Service<Call> {
    Service {
        name: "monitoring",
        protocol: Protocol::Cbor { service: "GraniteServiceVersion20100801" },
        operations: ops::OPERATIONS,
        unsupported: |_| None,
        missing: failures::missing,
    }
}

/// CloudWatch for clients that speak Query.
pub fn query() -> Service<Call> {
    Service {
        name: "monitoring",
        protocol: Protocol::Query {
            version: "2010-08-01",
            namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
        },
        operations: ops::OPERATIONS,
        unsupported: |_| None,
        missing: failures::missing,
    }
}
