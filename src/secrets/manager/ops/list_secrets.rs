//! `ListSecrets`: the secrets of an account and region, oldest first. They can be sorted by no other time.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::manager::filters::{Filter, Filters};
use crate::manager::secrets::{self, Wanted};
use crate::manager::shapes::Description;
use crate::manager::{failures, versions};
use crate::tokens::List;

/// The operation.
pub(crate) struct ListSecrets;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    include_planned_deletion: Option<bool>,
    filters: Option<Vec<Filter>>,
    sort_order: Option<String>,
    sort_by: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    secret_list: Vec<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListSecrets {
    type Call = Call;
    const NAME: &'static str = "ListSecrets";
    const ACTION: &'static str = "secretsmanager:ListSecrets";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let limit = match input.max_results {
            None => MOST,
            Some(limit) => {
                let limit = usize::try_from(limit).ok().filter(|limit| (1..=MOST).contains(limit));
                limit.ok_or_else(|| failures::invalid("MaxResults is between 1 and 100."))?
            }
        };
        if input.sort_by.is_some_and(|by| by != "created-date") {
            return Err(failures::invalid("Secrets are sorted by created-date alone here."));
        }
        let descending = match input.sort_order.as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(failures::invalid("SortOrder is asc or desc.")),
        };
        let deleted = input.include_planned_deletion == Some(true);
        let list = List::new(call, &format!("{} {descending} {deleted} {:?}", Self::NAME, input.filters));
        let after = list.open(input.next_token.as_deref(), failures::bad_token)?;
        let wanted = Wanted { filters: Filters::read(input.filters)?, descending, deleted };
        let (rows, last) = secrets::list(call, &wanted, after, limit).await?;
        let mut stages = versions::stages_of_all(call, &rows).await?;
        let described = rows.into_iter().map(|row| {
            let its = stages.remove(&row.secret_id).unwrap_or_default();
            Description::listed(row, its)
        });
        Ok(Output { secret_list: described.collect(), next_token: last.map(|last| list.seal(&last)).transpose()? })
    }
}

/// The most secrets of a page.
const MOST: usize = 100;
