//! `ModifyTargetGroupAttributes`: sets attributes of a target group. Those without an effect here can be set to their defaults alone.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroupAttributes.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::attributes::Attribute;
use crate::error::{Error, Result};
use crate::target_groups;

/// The operation.
pub(crate) struct ModifyTargetGroupAttributes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    target_group_arn: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    attributes: Vec<Attribute>,
}

impl Operation for ModifyTargetGroupAttributes {
    type Call = Call;
    const NAME: &'static str = "ModifyTargetGroupAttributes";
    const ACTION: &'static str = "elasticloadbalancing:ModifyTargetGroupAttributes";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::TargetGroup, &input.target_group_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let group = Named::read(Kind::TargetGroup, &input.target_group_arn)?;
        Ok(Output { attributes: target_groups::set_attributes(call, grant, group, input.attributes).await? })
    }
}
