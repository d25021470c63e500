//! `SetRulePriorities`: gives rules other priorities, all at once.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetRulePriorities.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::checks;
use crate::error::{Error, Result};
use crate::rules::{self, MOST_PRIORITY};
use crate::shapes::Rule;

/// The operation.
pub(crate) struct SetRulePriorities;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    rule_priorities: Vec<RulePriorityPair>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    rules: Vec<Rule>,
}

impl Operation for SetRulePriorities {
    type Call = Call;
    const NAME: &'static str = "SetRulePriorities";
    const ACTION: &'static str = "elasticloadbalancing:SetRulePriorities";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        if input.rule_priorities.is_empty() {
            return Err(Error::Validation("A rule priority must be specified".to_owned()));
        }
        let need = |pair: &RulePriorityPair| Ok(Named::read(Kind::Rule, &pair.rule_arn)?.need(Self::ACTION));
        input.rule_priorities.iter().map(need).collect()
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let read = |pair: RulePriorityPair| {
            checks::range("priority", Some(pair.priority), 1..=MOST_PRIORITY)?;
            Ok((Named::read(Kind::Rule, &pair.rule_arn)?, pair.priority.unsigned_abs()))
        };
        let wanted = input.rule_priorities.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        let found = rules::set_priorities(call, grant, wanted).await?;
        Ok(Output { rules: found.into_iter().map(Into::into).collect() })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RulePriorityPair {
    rule_arn: String,
    priority: i64,
}
