//! `DeleteRule`: removes a rule.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteRule.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::ops::Empty;
use crate::rules;

/// The operation.
pub(crate) struct DeleteRule;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    rule_arn: String,
}

impl Operation for DeleteRule {
    type Call = Call;
    const NAME: &'static str = "DeleteRule";
    const ACTION: &'static str = "elasticloadbalancing:DeleteRule";
    type Input = Input;
    type Output = Empty;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::Rule, &input.rule_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Empty> {
        rules::delete(call, grant, Named::read(Kind::Rule, &input.rule_arn)?).await?;
        Ok(Empty {})
    }
}
