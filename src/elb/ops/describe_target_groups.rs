//! `DescribeTargetGroups`: target groups, with the load balancers that forward to them.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::ops;
use crate::paging::Paging;
use crate::shapes::TargetGroup;
use crate::target_groups::{self, Which};

/// The operation.
pub(crate) struct DescribeTargetGroups;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: Option<String>,
    #[serde(default)]
    target_group_arns: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    marker: Option<String>,
    page_size: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    target_groups: Vec<TargetGroup>,
    next_marker: Option<String>,
}

impl Operation for DescribeTargetGroups {
    type Call = Call;
    const NAME: &'static str = "DescribeTargetGroups";
    const ACTION: &'static str = "elasticloadbalancing:DescribeTargetGroups";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let (of, arns, names) = (input.load_balancer_arn, input.target_group_arns, input.names);
        ops::check_count(arns.len() + names.len())?;
        let subject = format!("{} {}", Self::NAME, of.as_deref().unwrap_or_default());
        let which = match (of, arns.is_empty(), names.is_empty()) {
            (None, true, true) => Which::All,
            (None, true, false) => Which::Named(names),
            (None, false, true) => Which::Arns(Named::read_all(Kind::TargetGroup, &arns)?),
            (Some(arn), true, true) => Which::Of(Named::read(Kind::LoadBalancer, &arn)?),
            _ => {
                return Err(Error::Validation(
                    "Specify a load balancer ARN, target group ARNs or names, and no two of them".to_owned(),
                ));
            }
        };
        let paging = Paging::read(call, &subject, input.marker.as_deref(), input.page_size)?;
        let (found, next_marker) = target_groups::list(call, grant, which, paging).await?;
        Ok(Output { target_groups: found.into_iter().map(Into::into).collect(), next_marker })
    }
}
