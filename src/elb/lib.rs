//! The Elastic Load Balancing v2 API of application load balancers. It has one front, so its rules live here too, in
//! modules named by what they are about; operations are in `ops/`.
//!
//! Nothing here touches a request that is balanced: `balancer` does that, by what [`routing`] reads and with what
//! [`health`] keeps. The runner of containers registers its tasks through [`targets`].

mod actions;
mod arns;
mod attributes;
mod change;
mod checks;
mod conditions;
mod error;
pub mod health;
mod listeners;
mod load_balancers;
mod lookup;
mod network;
mod ops;
mod paging;
pub mod routing;
mod rules;
mod shapes;
mod tags;
pub mod target_groups;
pub mod targets;

use app::api::Call;
use aws::{Fault, Protocol, Service};

pub use error::{Error, Result};

/// Elastic Load Balancing for the dispatcher.
pub fn service() -> Service<Call> {
    Service {
        name: "elasticloadbalancing",
        protocol: Protocol::Query {
            version: "2015-12-01",
            namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
        },
        operations: ops::OPERATIONS,
        unsupported: |_| None,
        missing,
    }
}

fn missing(member: &str) -> Fault {
    Error::Validation(format!("The request must contain the parameter {member}")).into()
}
