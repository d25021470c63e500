//! `UpdateContainerInstancesState`: takes up to 10 hosts out of placement, or puts them back.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::clusters;
use crate::container_instances;
use crate::error::{Error, Result};
use crate::shapes::container_instance::ContainerInstance;
use crate::shapes::failure::Failure;

/// How many one call may name.
const MOST: usize = 10;

/// The operation.
pub(crate) struct UpdateContainerInstancesState;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    container_instances: Vec<String>,
    status: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    container_instances: Vec<ContainerInstance>,
    failures: Vec<Failure>,
}

impl Operation for UpdateContainerInstancesState {
    type Call = Call;
    const NAME: &'static str = "UpdateContainerInstancesState";
    const ACTION: &'static str = "ecs:UpdateContainerInstancesState";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        if input.container_instances.len() > MOST {
            return Err(Error::InvalidParameter(format!("instanceIds can have at most {MOST} items.")));
        }
        if !matches!(input.status.as_str(), "ACTIVE" | "DRAINING") {
            return Err(Error::InvalidParameter(
                "Container instance status should be one of [ACTIVE,DRAINING]".to_owned(),
            ));
        }
        if input.container_instances.is_empty() {
            return Err(Error::InvalidParameter("Container instances cannot be empty.".to_owned()));
        }
        clusters::needs_in(
            call,
            Self::ACTION,
            input.cluster.as_deref(),
            "container-instance",
            &input.container_instances,
        )
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let registry = &call.ctx.registry;
        let name = arns::cluster_name(registry, input.cluster.as_deref())?;
        let (mut container_instances, mut failures) = (Vec::new(), Vec::new());
        for given in input.container_instances {
            let done = container_instances::set_status(call, name, given.clone(), input.status.clone()).await?;
            match done {
                None => {
                    failures.push(Failure::missing(arns::shown(registry, "container-instance", name, &given)));
                }
                Some((instance, counts)) => {
                    let now = call.ctx.app.now();
                    container_instances.push(ContainerInstance::new(registry, name, instance, counts, Vec::new(), now));
                }
            }
        }
        Ok(Output { container_instances, failures })
    }
}
