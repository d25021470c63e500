//! `RegisterTargets`: adds targets to a group. Addresses only: what runs on an instance is registered by the runner.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::ops::Empty;
use crate::targets::{self, TargetDescription};

/// The operation.
pub(crate) struct RegisterTargets;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    target_group_arn: String,
    targets: Vec<TargetDescription>,
}

impl Operation for RegisterTargets {
    type Call = Call;
    const NAME: &'static str = "RegisterTargets";
    const ACTION: &'static str = "elasticloadbalancing:RegisterTargets";
    type Input = Input;
    type Output = Empty;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::TargetGroup, &input.target_group_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Empty> {
        let group = Named::read(Kind::TargetGroup, &input.target_group_arn)?;
        targets::register_all(call, grant, group, input.targets).await?;
        Ok(Empty {})
    }
}
