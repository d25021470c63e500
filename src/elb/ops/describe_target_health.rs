//! `DescribeTargetHealth`: the targets of a group with their health, as all that balance see it.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::shapes::TargetHealthDescription;
use crate::targets::{self, TargetDescription};

/// The operation.
pub(crate) struct DescribeTargetHealth;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    target_group_arn: String,
    #[serde(default)]
    targets: Vec<TargetDescription>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    target_health_descriptions: Vec<TargetHealthDescription>,
}

impl Operation for DescribeTargetHealth {
    type Call = Call;
    const NAME: &'static str = "DescribeTargetHealth";
    const ACTION: &'static str = "elasticloadbalancing:DescribeTargetHealth";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let group = Named::read(Kind::TargetGroup, &input.target_group_arn)?;
        let found = targets::health_of(call, grant, &group, input.targets).await?;
        Ok(Output { target_health_descriptions: found.into_iter().map(Into::into).collect() })
    }
}
