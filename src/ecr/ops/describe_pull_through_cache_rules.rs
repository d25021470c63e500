//! `DescribePullThroughCacheRules`: the cache rules of the registry by prefix, or those of some prefixes.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribePullThroughCacheRules.html>

use app::api::Call;
use app::registry::cache_rules;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use super::cache_rule::Rule;
use crate::error::Error;
use crate::shapes::paging;
use crate::shapes::target::own_registry;

/// The operation.
pub(crate) struct DescribePullThroughCacheRules;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    ecr_repository_prefixes: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    pull_through_cache_rules: Vec<Rule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribePullThroughCacheRules {
    type Call = Call;
    const NAME: &'static str = "DescribePullThroughCacheRules";
    const ACTION: &'static str = Action::DescribePullThroughCacheRules.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        paging::limit(input.max_results, 1000)?;
        if input.ecr_repository_prefixes.is_some() {
            paging::no_paging("ecrRepositoryPrefixes", input.max_results, input.next_token.as_deref())?;
        }
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (rules, next_token) = match &input.ecr_repository_prefixes {
            Some(prefixes) => (cache_rules::find_all(&call.ctx, grant, prefixes).await?, None),
            None => {
                let limit = paging::limit(input.max_results, 1000)?;
                let page = cache_rules::list(&call.ctx, grant, input.next_token.as_deref(), limit).await?;
                (page.items, page.next_token)
            }
        };
        Ok(Output { pull_through_cache_rules: rules.into_iter().map(Rule::listed).collect(), next_token })
    }
}
