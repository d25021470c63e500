//! The ECS API. It has one front, so its rules live here too, in modules named by what they are about; operations are in
//! `ops/`, the shapes of answers in `shapes/`. What runs containers is elsewhere: agents dial in and are told what to run.

mod account_settings;
mod arns;
mod attributes;
mod capacity_providers;
mod clusters;
mod conditions;
mod container_instances;
mod error;
pub mod lost_hosts;
mod ops;
mod paging;
mod placement;
pub mod reservation;
mod resources;
pub mod services;
pub mod sessions;
mod shapes;
mod tags;
pub mod task_definitions;
pub mod tasks;
mod utilization;

use app::api::Call;
use aws::{Fault, Protocol, Service};

pub use clusters::ensure as ensure_cluster;
pub use error::Error;

/// ECS for the dispatcher.
pub fn service() -> Service<Call> {
    Service {
        name: "ecs",
        protocol: Protocol::Json { target: "AmazonEC2ContainerServiceV20141113" },
        operations: ops::OPERATIONS,
        unsupported: ops::unsupported::refusal,
        missing: |member| Fault::new("InvalidParameterException", format!("{} cannot be empty.", error::title(member))),
    }
}
