//! `CreateRule`: adds a rule to a listener.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::actions::{self, Action};
use crate::arns::{Kind, Named};
use crate::conditions::{self, RuleCondition};
use crate::error::{Error, Result};
use crate::rules::{self, MOST_PRIORITY};
use crate::shapes::Rule;
use crate::tags::{self, Tag};
use crate::{checks, ops};

/// The operation.
pub(crate) struct CreateRule;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    listener_arn: String,
    #[serde(default)]
    conditions: Vec<RuleCondition>,
    priority: i64,
    actions: Vec<Action>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    transforms: Vec<ops::Present>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    rules: Vec<Rule>,
}

impl Operation for CreateRule {
    type Call = Call;
    const NAME: &'static str = "CreateRule";
    const ACTION: &'static str = "elasticloadbalancing:CreateRule";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        tags::check(&input.tags)?;
        let listener = Named::read(Kind::Listener, &input.listener_arn)?;
        let mut needs = vec![tags::with_request_tags(listener.need(Self::ACTION), &input.tags)];
        if !input.tags.is_empty() {
            needs.push(tags::with_request_tags(listener.need("elasticloadbalancing:AddTags"), &input.tags));
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let listener = Named::read(Kind::Listener, &input.listener_arn)?;
        ops::check_transforms(&input.transforms)?;
        checks::range("priority", Some(input.priority), 1..=MOST_PRIORITY)?;
        let (conditions, actions) = (conditions::check(input.conditions)?, actions::check(input.actions)?);
        let priority = input.priority.unsigned_abs();
        let found = rules::create(call, grant, listener, priority, conditions, actions, input.tags).await?;
        Ok(Output { rules: vec![found.into()] })
    }
}
