//! `DeregisterPullTimeUpdateExclusion`: lets the pulls of a user or role count again.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeregisterPullTimeUpdateExclusion.html>

use app::api::Call;
use app::registry::pull_time_exclusions;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct DeregisterPullTimeUpdateExclusion;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    principal_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    principal_arn: String,
}

impl Operation for DeregisterPullTimeUpdateExclusion {
    type Call = Call;
    const NAME: &'static str = "DeregisterPullTimeUpdateExclusion";
    const ACTION: &'static str = Action::DeregisterPullTimeUpdateExclusion.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        pull_time_exclusions::deregister(&call.ctx, grant, &input.principal_arn).await?;
        Ok(Output { principal_arn: input.principal_arn })
    }
}
