//! `CreatePullThroughCacheRule`: makes repositories under a prefix stand for those of another registry.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html>
//!
//! The secret that a rule names is not looked at: an operator may store it later, as `ValidatePullThroughCacheRule` says.
//! Private registries of ECR are asked without the login that AWS's own cache gets for them.

use app::api::Call;
use app::registry::cache_rules::{self, NewRule};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use super::cache_rule::Rule;
use crate::error::Error;
use crate::shapes::target::own_registry;

/// The operation.
pub(crate) struct CreatePullThroughCacheRule;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    ecr_repository_prefix: String,
    upstream_registry_url: String,
    registry_id: Option<String>,
    upstream_registry: Option<String>,
    credential_arn: Option<String>,
    custom_role_arn: Option<String>,
    upstream_repository_prefix: Option<String>,
}

impl Operation for CreatePullThroughCacheRule {
    type Call = Call;
    const NAME: &'static str = "CreatePullThroughCacheRule";
    const ACTION: &'static str = Action::CreatePullThroughCacheRule.as_str();
    type Input = Input;
    type Output = Rule;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Rule, Error> {
        let new = NewRule {
            prefix: input.ecr_repository_prefix,
            upstream_url: input.upstream_registry_url,
            upstream_registry: input.upstream_registry,
            upstream_prefix: input.upstream_repository_prefix,
            credential_arn: input.credential_arn,
            custom_role_arn: input.custom_role_arn,
        };
        Ok(Rule::created(cache_rules::create(&call.ctx, grant, new).await?))
    }
}
