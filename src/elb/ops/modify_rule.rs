//! `ModifyRule`: changes the conditions or the actions of a rule.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::actions::{self, Action};
use crate::arns::{Kind, Named};
use crate::conditions::{self, RuleCondition};
use crate::error::{Error, Result};
use crate::shapes::Rule;
use crate::{ops, rules};

/// The operation.
pub(crate) struct ModifyRule;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    rule_arn: String,
    conditions: Option<Vec<RuleCondition>>,
    actions: Option<Vec<Action>>,
    #[serde(default)]
    transforms: Vec<ops::Present>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    rules: Vec<Rule>,
}

impl Operation for ModifyRule {
    type Call = Call;
    const NAME: &'static str = "ModifyRule";
    const ACTION: &'static str = "elasticloadbalancing:ModifyRule";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::Rule, &input.rule_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let rule = Named::read(Kind::Rule, &input.rule_arn)?;
        ops::check_transforms(&input.transforms)?;
        // An empty list is none: clients send one where they have nothing to say.
        let conditions = input.conditions.filter(|conditions| !conditions.is_empty());
        let actions = input.actions.filter(|actions| !actions.is_empty());
        if conditions.is_none() && actions.is_none() {
            return Err(Error::Validation("Either conditions or actions must be specified".to_owned()));
        }
        let (conditions, actions) =
            (conditions.map(conditions::check).transpose()?, actions.map(actions::check).transpose()?);
        Ok(Output { rules: vec![rules::modify(call, grant, rule, conditions, actions).await?.into()] })
    }
}
