//! `DescribeRules`: the rules of a listener by their priorities, or some by their ARNs.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::ops;
use crate::paging::Paging;
use crate::rules::{self, Which};
use crate::shapes::Rule;

/// The operation.
pub(crate) struct DescribeRules;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    listener_arn: Option<String>,
    #[serde(default)]
    rule_arns: Vec<String>,
    marker: Option<String>,
    page_size: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    rules: Vec<Rule>,
    next_marker: Option<String>,
}

impl Operation for DescribeRules {
    type Call = Call;
    const NAME: &'static str = "DescribeRules";
    const ACTION: &'static str = "elasticloadbalancing:DescribeRules";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        ops::check_count(input.rule_arns.len())?;
        let subject = format!("{} {}", Self::NAME, input.listener_arn.as_deref().unwrap_or_default());
        let which = match (input.listener_arn, input.rule_arns.is_empty()) {
            (Some(arn), true) => Which::Of(Named::read(Kind::Listener, &arn)?),
            (None, false) => Which::Arns(Named::read_all(Kind::Rule, &input.rule_arns)?),
            _ => {
                let message = "You must specify either listener rule ARNs or a listener ARN";
                return Err(Error::Validation(message.to_owned()));
            }
        };
        let paging = Paging::read(call, &subject, input.marker.as_deref(), input.page_size)?;
        let (found, next_marker) = rules::list(call, grant, which, paging).await?;
        Ok(Output { rules: found.into_iter().map(Into::into).collect(), next_marker })
    }
}
