//! `DeleteAttributes`: removes attributes of container instances.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteAttributes.html>

use acs::api::Attribute;
use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::attributes;
use crate::clusters;
use crate::error::{Error, Result};

/// The operation.
pub(crate) struct DeleteAttributes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    attributes: Vec<Attribute>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    attributes: Vec<Attribute>,
}

impl Operation for DeleteAttributes {
    type Call = Call;
    const NAME: &'static str = "DeleteAttributes";
    const ACTION: &'static str = "ecs:DeleteAttributes";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let cluster = clusters::arn(call, input.cluster.as_deref())?;
        Ok(attributes::needs(call, Self::ACTION, &cluster, input.cluster.as_deref(), &input.attributes))
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let cluster = arns::cluster_name(&call.ctx.registry, input.cluster.as_deref())?;
        Ok(Output { attributes: attributes::delete(call, cluster, input.attributes).await? })
    }
}
