//! `CreatePullThroughCacheRule`: makes repositories under a prefix stand for those of another registry.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html>
//!
//! The secret that a rule names must be there, as a secret of the same account, and whoever names it must be allowed to read
//! it. What it holds is not looked at: `ValidatePullThroughCacheRule` says whether it is a login.
//! Private registries of ECR are asked without the login that AWS's own cache gets for them.

use app::api::Call;
use app::registry::cache_rules::{self, NewRule};
use app::{Action, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use super::cache_rule::{self, Rule};
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
        Ok(cache_rule::needs(Self::ACTION, input.credential_arn.as_deref()))
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
