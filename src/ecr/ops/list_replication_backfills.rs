//! `ListReplicationBackfills`: the backfills of the registry, the latest first; those that ended are kept for 90 days.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListReplicationBackfills.html>

use app::api::Call;
use app::registry::backfills;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use super::replication_backfill::Summary;
use crate::error::Error;
use crate::shapes::paging;
use crate::shapes::target::own_registry;

/// The operation.
pub(crate) struct ListReplicationBackfills;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    backfills: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListReplicationBackfills {
    type Call = Call;
    const NAME: &'static str = "ListReplicationBackfills";
    const ACTION: &'static str = Action::ListReplicationBackfills.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        paging::limit(input.max_results, 50)?;
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let limit = paging::limit(input.max_results, 50)?;
        let page = backfills::list(&call.ctx, grant, input.next_token.as_deref(), limit).await?;
        let backfills = page.items.into_iter().map(Summary::from).collect();
        Ok(Output { registry_id: call.account().to_string(), backfills, next_token: page.next_token })
    }
}
