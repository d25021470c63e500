//! `RegisterPullTimeUpdateExclusion`: lets the pulls of a user or role leave no trace in the pull times.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_RegisterPullTimeUpdateExclusion.html>

use app::api::Call;
use app::registry::pull_time_exclusions;
use app::{Action, Grant};
use aws::{Epoch, Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct RegisterPullTimeUpdateExclusion;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    principal_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    principal_arn: String,
    created_at: Epoch,
}

impl Operation for RegisterPullTimeUpdateExclusion {
    type Call = Call;
    const NAME: &'static str = "RegisterPullTimeUpdateExclusion";
    const ACTION: &'static str = Action::RegisterPullTimeUpdateExclusion.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let created_at = pull_time_exclusions::register(&call.ctx, grant, &input.principal_arn).await?;
        Ok(Output { principal_arn: input.principal_arn, created_at: Epoch(created_at) })
    }
}
