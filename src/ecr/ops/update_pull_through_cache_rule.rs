//! `UpdatePullThroughCacheRule`: changes the secret or the role of a cache rule.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdatePullThroughCacheRule.html>
//!
//! One of both is needed. A secret is checked as `CreatePullThroughCacheRule` checks it.

use app::api::Call;
use app::registry::cache_rules;
use app::{Action, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use super::cache_rule::{self, Rule};
use crate::error::Error;
use crate::shapes::target::own_registry;

/// The operation.
pub(crate) struct UpdatePullThroughCacheRule;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    ecr_repository_prefix: String,
    credential_arn: Option<String>,
    custom_role_arn: Option<String>,
}

impl Operation for UpdatePullThroughCacheRule {
    type Call = Call;
    const NAME: &'static str = "UpdatePullThroughCacheRule";
    const ACTION: &'static str = Action::UpdatePullThroughCacheRule.as_str();
    type Input = Input;
    type Output = Rule;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        own_registry(call, input.registry_id.as_deref())?;
        Ok(cache_rule::needs(Self::ACTION, input.credential_arn.as_deref()))
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Rule, Error> {
        let (credential, role) = (input.credential_arn.as_deref(), input.custom_role_arn.as_deref());
        let rule = cache_rules::update(&call.ctx, grant, &input.ecr_repository_prefix, credential, role).await?;
        Ok(Rule::updated(rule))
    }
}
