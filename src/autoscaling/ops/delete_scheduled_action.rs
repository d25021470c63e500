//! `DeleteScheduledAction`: a scheduled action goes.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeleteScheduledAction.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::{names, scheduled_actions};

/// The operation.
pub(crate) struct DeleteScheduledAction;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    scheduled_action_name: String,
    service_namespace: String,
    resource_id: String,
    scalable_dimension: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {}

impl Operation for DeleteScheduledAction {
    type Call = Call;
    const NAME: &'static str = "DeleteScheduledAction";
    const ACTION: &'static str = "application-autoscaling:DeleteScheduledAction";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        names::check_all(&input.service_namespace, &input.scalable_dimension, &input.resource_id)?;
        Ok(vec![names::need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        scheduled_actions::delete(call, grant, input.resource_id, input.scheduled_action_name).await?;
        Ok(Output {})
    }
}
