//! The Application Auto Scaling API: how many tasks services of ECS are to have, from what is measured and by the clock. It
//! has one front, so its rules live here too. Policies make alarms of CloudWatch (`alarms`), and what to do is decided in
//! `decide`, from values alone; `scale` looks at the alarms and does it, again and again.
//!
//! Step scaling, predictive scaling, metric math and namespaces other than `ecs` are not here: what asks for them is
//! refused.

mod activities;
mod alarms;
mod decide;
mod error;
mod failures;
mod names;
mod ops;
mod paging;
mod policies;
mod scale;
mod schedule;
mod scheduled_actions;
mod shapes;
mod targets;

use app::api::Call;
use aws::{Protocol, Service};

pub use activities::forget;
pub use scale::{EVERY, scale};

/// The service for the dispatcher.
pub fn service() -> Service<Call> {
    Service {
        name: "application-autoscaling",
        protocol: Protocol::Json { target: "AnyScaleFrontendService" },
        operations: ops::OPERATIONS,
        unsupported: |_| None,
        missing: failures::missing,
    }
}
