//! `DescribeTargetGroupAttributes`: all attributes of a target group.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroupAttributes.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::attributes::Attribute;
use crate::error::{Error, Result};
use crate::target_groups;

/// The operation.
pub(crate) struct DescribeTargetGroupAttributes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    target_group_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    attributes: Vec<Attribute>,
}

impl Operation for DescribeTargetGroupAttributes {
    type Call = Call;
    const NAME: &'static str = "DescribeTargetGroupAttributes";
    const ACTION: &'static str = "elasticloadbalancing:DescribeTargetGroupAttributes";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let group = Named::read(Kind::TargetGroup, &input.target_group_arn)?;
        Ok(Output { attributes: target_groups::attributes(call, grant, &group).await? })
    }
}
