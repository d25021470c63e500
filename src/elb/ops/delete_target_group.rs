//! `DeleteTargetGroup`: removes a target group that no rule forwards to.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::ops::Empty;
use crate::target_groups;

/// The operation.
pub(crate) struct DeleteTargetGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    target_group_arn: String,
}

impl Operation for DeleteTargetGroup {
    type Call = Call;
    const NAME: &'static str = "DeleteTargetGroup";
    const ACTION: &'static str = "elasticloadbalancing:DeleteTargetGroup";
    type Input = Input;
    type Output = Empty;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::TargetGroup, &input.target_group_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Empty> {
        target_groups::delete(call, grant, Named::read(Kind::TargetGroup, &input.target_group_arn)?).await?;
        Ok(Empty {})
    }
}
