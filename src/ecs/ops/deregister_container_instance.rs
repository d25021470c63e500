//! `DeregisterContainerInstance`: takes a host out of its cluster.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterContainerInstance.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::clusters;
use crate::container_instances;
use crate::error::{Error, Result};
use crate::shapes::container_instance::{ContainerInstance, Counts};

/// The operation.
pub(crate) struct DeregisterContainerInstance;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    container_instance: String,
    #[serde(default)]
    force: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    container_instance: ContainerInstance,
}

impl Operation for DeregisterContainerInstance {
    type Call = Call;
    const NAME: &'static str = "DeregisterContainerInstance";
    const ACTION: &'static str = "ecs:DeregisterContainerInstance";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let arn = clusters::arn(call, input.cluster.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let registry = &call.ctx.registry;
        let name = arns::cluster_name(registry, input.cluster.as_deref())?;
        let (_, instance) = container_instances::deregister(call, name, &input.container_instance, input.force).await?;
        let now = call.ctx.app.now();
        let shape = ContainerInstance::new(registry, name, instance, Counts::default(), Vec::new(), now);
        Ok(Output { container_instance: shape })
    }
}
