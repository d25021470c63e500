//! `DeleteListener`: removes a listener with its rules.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteListener.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::listeners;
use crate::ops::Empty;

/// The operation.
pub(crate) struct DeleteListener;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    listener_arn: String,
}

impl Operation for DeleteListener {
    type Call = Call;
    const NAME: &'static str = "DeleteListener";
    const ACTION: &'static str = "elasticloadbalancing:DeleteListener";
    type Input = Input;
    type Output = Empty;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::Listener, &input.listener_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Empty> {
        listeners::delete(call, grant, Named::read(Kind::Listener, &input.listener_arn)?).await?;
        Ok(Empty {})
    }
}
