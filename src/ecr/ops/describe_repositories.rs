//! `DescribeRepositories`: some repositories by name, or all of a registry, page by page.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html>

use app::api::Call;
use app::{Action, Grant, repositories};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::Arn;

use crate::error::Error;
use crate::shapes::paging;
use crate::shapes::repository::Repository;
use crate::shapes::target::{self, Target};

/// The operation.
pub(crate) struct DescribeRepositories;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_names: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    repositories: Vec<Repository>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeRepositories {
    type Call = Call;
    const NAME: &'static str = "DescribeRepositories";
    const ACTION: &'static str = Action::DescribeRepositories.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let registry = target::registry(call, input.registry_id.as_deref())?;
        if input.repository_names.is_some() {
            return Ok(targets(call, input)?.iter().map(|target| target.need(Action::DescribeRepositories)).collect());
        }
        // Without names the whole registry is asked for.
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(registry.account.clone(), Arn::all_repositories(&registry)))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (rows, next_token) = if input.repository_names.is_some() {
            let permits: Vec<_> = targets(call, &input)?.iter().map(|target| target.permit(grant)).collect();
            (repositories::describe(&call.ctx, &permits).await?, None)
        } else {
            let registry = target::registry(call, input.registry_id.as_deref())?;
            let limit = paging::limit(input.max_results, 1000)?;
            let page =
                repositories::describe_page(&call.ctx, grant, &registry, input.next_token.as_deref(), limit).await?;
            (page.repositories, page.next_token)
        };
        Ok(Output { repositories: rows.iter().map(|row| Repository::new(call, row)).collect(), next_token })
    }
}

fn targets(call: &Call, input: &Input) -> Result<Vec<Target>, Error> {
    const MEMBER: &str = "repositoryNames";
    let names = input.repository_names.as_deref().unwrap_or_default();
    paging::length(MEMBER, names, 100)?;
    paging::no_paging(MEMBER, input.max_results, input.next_token.as_deref())?;
    let registry = target::registry(call, input.registry_id.as_deref())?;
    let read = |name: &String| Target::in_registry(call, registry.clone(), target::repository_name(MEMBER, name)?);
    names.iter().map(read).collect()
}
