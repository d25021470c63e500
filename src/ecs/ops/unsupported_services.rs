//! Operations about services that Wharf does not have: task sets belong to deployment controllers other than ECS,
//! namespaces to Cloud Map, and hooks to deployment strategies other than rolling. ECS has an error for what is not
//! supported, and clients understand it.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::error::{Error, Result};

/// Parameters that are not looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

macro_rules! unsupported {
    ($($name:ident: $action:literal, $what:literal;)*) => {$(
        /// The operation.
        pub(crate) struct $name;

        impl Operation for $name {
            type Call = Call;
            const NAME: &'static str = stringify!($name);
            const ACTION: &'static str = $action;
            type Input = Input;
            type Output = ();
            type Error = Error;

            fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
                Ok(vec![Need::new(Self::ACTION, Resource::Any)])
            }

            async fn run(_: &Call, grant: &Grant, _: Input) -> Result<()> {
                grant.require(Self::ACTION)?;
                Err(Error::Unsupported(concat!($what, " are not supported by this server.").to_owned()))
            }
        }
    )*};
}

unsupported! {
    ContinueServiceDeployment: "ecs:ContinueServiceDeployment", "Deployment lifecycle hooks";
    CreateTaskSet: "ecs:CreateTaskSet", "Task sets";
    DeleteTaskSet: "ecs:DeleteTaskSet", "Task sets";
    DescribeTaskSets: "ecs:DescribeTaskSets", "Task sets";
    ListServicesByNamespace: "ecs:ListServicesByNamespace", "Namespaces";
    UpdateServicePrimaryTaskSet: "ecs:UpdateServicePrimaryTaskSet", "Task sets";
    UpdateTaskSet: "ecs:UpdateTaskSet", "Task sets";
}
