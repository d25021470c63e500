//! `DeregisterScalableTarget`: a service is not scaled any more. Its policies and scheduled actions go with it.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::names;
use crate::targets;

/// The operation.
pub(crate) struct DeregisterScalableTarget;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    service_namespace: String,
    resource_id: String,
    scalable_dimension: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {}

impl Operation for DeregisterScalableTarget {
    type Call = Call;
    const NAME: &'static str = "DeregisterScalableTarget";
    const ACTION: &'static str = "application-autoscaling:DeregisterScalableTarget";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        names::check_all(&input.service_namespace, &input.scalable_dimension, &input.resource_id)?;
        Ok(vec![names::need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        targets::deregister(call, grant, input.resource_id).await?;
        Ok(Output {})
    }
}
