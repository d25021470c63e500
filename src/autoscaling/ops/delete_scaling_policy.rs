//! `DeleteScalingPolicy`: a policy goes, and its alarms with it.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeleteScalingPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::{names, policies};

/// The operation.
pub(crate) struct DeleteScalingPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_name: String,
    service_namespace: String,
    resource_id: String,
    scalable_dimension: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {}

impl Operation for DeleteScalingPolicy {
    type Call = Call;
    const NAME: &'static str = "DeleteScalingPolicy";
    const ACTION: &'static str = "application-autoscaling:DeleteScalingPolicy";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        names::check_all(&input.service_namespace, &input.scalable_dimension, &input.resource_id)?;
        Ok(vec![names::need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        policies::delete(call, grant, input.resource_id, input.policy_name).await?;
        Ok(Output {})
    }
}
