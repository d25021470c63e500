//! `PutScheduledAction`: limits are set by the clock.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html>

use app::Grant;
use app::api::Call;
use aws::{Moment, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::names;
use crate::scheduled_actions::{self, Request};
use crate::shapes::ScalableTargetAction;

/// The operation.
pub(crate) struct PutScheduledAction;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    scheduled_action_name: String,
    service_namespace: String,
    resource_id: String,
    scalable_dimension: String,
    schedule: Option<String>,
    timezone: Option<String>,
    start_time: Option<Moment>,
    end_time: Option<Moment>,
    scalable_target_action: Option<ScalableTargetAction>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {}

impl Operation for PutScheduledAction {
    type Call = Call;
    const NAME: &'static str = "PutScheduledAction";
    const ACTION: &'static str = "application-autoscaling:PutScheduledAction";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        names::check_name("scheduledActionName", &input.scheduled_action_name)?;
        names::check_all(&input.service_namespace, &input.scalable_dimension, &input.resource_id)?;
        Ok(vec![names::need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let request = Request {
            resource_id: input.resource_id,
            name: input.scheduled_action_name,
            schedule: input.schedule,
            timezone: input.timezone,
            start: input.start_time.map(|time| time.0),
            end: input.end_time.map(|time| time.0),
            action: input.scalable_target_action,
        };
        scheduled_actions::put(call, grant, request).await?;
        Ok(Output {})
    }
}
