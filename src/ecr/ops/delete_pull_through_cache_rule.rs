//! `DeletePullThroughCacheRule`: removes a cache rule and gives it back. Repositories that it led to stay.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeletePullThroughCacheRule.html>

use app::api::Call;
use app::registry::cache_rules;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use super::cache_rule::Rule;
use crate::error::Error;
use crate::shapes::target::own_registry;

/// The operation.
pub(crate) struct DeletePullThroughCacheRule;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    ecr_repository_prefix: String,
    registry_id: Option<String>,
}

impl Operation for DeletePullThroughCacheRule {
    type Call = Call;
    const NAME: &'static str = "DeletePullThroughCacheRule";
    const ACTION: &'static str = Action::DeletePullThroughCacheRule.as_str();
    type Input = Input;
    type Output = Rule;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Rule, Error> {
        Ok(Rule::deleted(cache_rules::delete(&call.ctx, grant, &input.ecr_repository_prefix).await?))
    }
}
