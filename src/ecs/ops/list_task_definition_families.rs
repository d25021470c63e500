//! `ListTaskDefinitionFamilies`: the names of families.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitionFamilies.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use store::task_definitions::{Families, list_families};

use crate::arns;
use crate::error::{Error, Result};
use crate::paging::Paging;

/// The operation.
pub(crate) struct ListTaskDefinitionFamilies;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    family_prefix: Option<String>,
    status: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    families: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListTaskDefinitionFamilies {
    type Call = Call;
    const NAME: &'static str = "ListTaskDefinitionFamilies";
    const ACTION: &'static str = "ecs:ListTaskDefinitionFamilies";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let status = input.status.as_deref().unwrap_or("ALL");
        let which = match status {
            "ACTIVE" => Families::Active,
            "INACTIVE" => Families::Inactive,
            "ALL" => Families::All,
            _ => {
                let message = "Invalid status. Valid values are ACTIVE, INACTIVE and ALL.";
                return Err(Error::InvalidParameter(message.to_owned()));
            }
        };
        let prefix = input.family_prefix.as_deref().unwrap_or_default();
        if !prefix.is_empty() && !arns::is_name(prefix) {
            return Err(Error::InvalidParameter("Invalid familyPrefix.".to_owned()));
        }
        let subject = [prefix, status];
        let paging = Paging::read(call, Self::NAME, &subject, input.next_token.as_deref(), input.max_results, 100)?;
        let mut conn = call.ctx.app.db().reader().await?;
        let registry = &call.ctx.registry;
        let found = list_families(&mut conn, registry, which, prefix, &paging.after, paging.wanted()).await?;
        let (families, next_token) = paging.page(call, found, String::as_str)?;
        Ok(Output { families, next_token })
    }
}
