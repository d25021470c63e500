//! `DescribeListenerAttributes`: all attributes of a listener.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerAttributes.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::attributes::Attribute;
use crate::error::{Error, Result};
use crate::listeners;

/// The operation.
pub(crate) struct DescribeListenerAttributes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    listener_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    attributes: Vec<Attribute>,
}

impl Operation for DescribeListenerAttributes {
    type Call = Call;
    const NAME: &'static str = "DescribeListenerAttributes";
    const ACTION: &'static str = "elasticloadbalancing:DescribeListenerAttributes";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let listener = Named::read(Kind::Listener, &input.listener_arn)?;
        Ok(Output { attributes: listeners::attributes(call, grant, &listener).await? })
    }
}
