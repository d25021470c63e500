//! `ValidatePullThroughCacheRule`: whether a cache rule can work.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ValidatePullThroughCacheRule.html>
//!
//! Tried is what can be tried: whether the secret of the rule is a login, whether the other registry answers, and whether it
//! takes the login.

use app::api::Call;
use app::registry::cache_rules;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use super::cache_rule::Rule;
use crate::error::Error;
use crate::shapes::target::own_registry;

/// The operation.
pub(crate) struct ValidatePullThroughCacheRule;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    ecr_repository_prefix: String,
    registry_id: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    #[serde(flatten)]
    rule: Rule,
    is_valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl Operation for ValidatePullThroughCacheRule {
    type Call = Call;
    const NAME: &'static str = "ValidatePullThroughCacheRule";
    const ACTION: &'static str = Action::ValidatePullThroughCacheRule.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (rule, failure) = cache_rules::validate(&call.ctx, grant, &input.ecr_repository_prefix).await?;
        Ok(Output { rule: Rule::tried(rule), is_valid: failure.is_none(), failure })
    }
}
