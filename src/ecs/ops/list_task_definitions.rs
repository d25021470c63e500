//! `ListTaskDefinitions`: the ARNs of revisions, sorted by family and number.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use store::task_definitions::{Filter, list};

use crate::arns;
use crate::error::{Error, Result};
use crate::paging::Paging;
use crate::task_definitions;

/// The operation.
pub(crate) struct ListTaskDefinitions;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    /// A whole name, in spite of how it is called.
    family_prefix: Option<String>,
    status: Option<String>,
    sort: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    task_definition_arns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListTaskDefinitions {
    type Call = Call;
    const NAME: &'static str = "ListTaskDefinitions";
    const ACTION: &'static str = "ecs:ListTaskDefinitions";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let invalid = |message: String| Err(Error::InvalidParameter(message));
        let status = input.status.as_deref().unwrap_or("ACTIVE");
        if !matches!(status, "ACTIVE" | "INACTIVE" | "DELETE_IN_PROGRESS") {
            return invalid("Invalid status. Valid values are ACTIVE, INACTIVE and DELETE_IN_PROGRESS.".to_owned());
        }
        let sort = input.sort.as_deref().unwrap_or("ASC");
        if !matches!(sort, "ASC" | "DESC") {
            return invalid("Invalid sort. Valid values are ASC and DESC.".to_owned());
        }
        let family = input.family_prefix.as_deref().filter(|family| !family.is_empty());
        if family.is_some_and(|family| !arns::is_name(family)) {
            return invalid("Invalid familyPrefix.".to_owned());
        }
        let subject = [family.unwrap_or_default(), status, sort];
        let paging = Paging::read(call, Self::NAME, &subject, input.next_token.as_deref(), input.max_results, 100)?;
        let after = paging.after.split_once(':').and_then(|(family, number)| Some((family, number.parse().ok()?)));
        let filter = Filter { status, family, descending: sort == "DESC" };
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let found = list(&mut conn, registry, filter, after, paging.wanted()).await?;
        let names = found.into_iter().map(|(family, revision)| format!("{family}:{revision}")).collect();
        let (page, next_token) = paging.page(call, names, String::as_str)?;
        let arn = |name: &String| match name
            .split_once(':')
            .and_then(|(family, text)| Some((family, text.parse().ok()?)))
        {
            Some((family, revision)) => arns::arn(registry, &task_definitions::resource(family, revision)).to_string(),
            None => name.clone(),
        };
        Ok(Output { task_definition_arns: page.iter().map(arn).collect(), next_token })
    }
}
