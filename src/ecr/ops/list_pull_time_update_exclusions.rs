//! `ListPullTimeUpdateExclusions`: the users and roles whose pulls do not count, by ARN.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListPullTimeUpdateExclusions.html>

use app::api::Call;
use app::registry::pull_time_exclusions;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::paging;

/// The operation.
pub(crate) struct ListPullTimeUpdateExclusions;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// Bare ARNs.
    pull_time_update_exclusions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListPullTimeUpdateExclusions {
    type Call = Call;
    const NAME: &'static str = "ListPullTimeUpdateExclusions";
    const ACTION: &'static str = Action::ListPullTimeUpdateExclusions.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        paging::limit(input.max_results, 1000)?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let limit = paging::limit(input.max_results, 1000)?;
        let page = pull_time_exclusions::list(&call.ctx, grant, input.next_token.as_deref(), limit).await?;
        Ok(Output { pull_time_update_exclusions: page.items, next_token: page.next_token })
    }
}
