//! `DescribeReplicationBackfillResults`: how a backfill goes, and once it is over what came of each image.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeReplicationBackfillResults.html>
//!
//! What an index lists has results of its own, so there are no `subImageFailureCodes`.

use app::api::Call;
use app::registry::backfills::{self, BackfillItemRow};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use super::replication_backfill::Summary;
use crate::error::Error;
use crate::shapes::image::ImageIdentifier;
use crate::shapes::paging;
use crate::shapes::target::own_registry;

/// The operation.
pub(crate) struct DescribeReplicationBackfillResults;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    replication_backfill_id: String,
    result_status_filter: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    #[serde(flatten)]
    backfill: Summary,
    results: Vec<ImageResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageResult {
    repository_name: String,
    image_id: ImageIdentifier,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<String>,
}

impl From<BackfillItemRow> for ImageResult {
    fn from(row: BackfillItemRow) -> Self {
        let image_tag = Some(row.tag).filter(|tag| !tag.is_empty());
        Self {
            repository_name: row.repository.to_string(),
            image_id: ImageIdentifier { image_digest: Some(row.digest.to_string()), image_tag },
            status: row.status,
            failure_code: row.failure_code,
        }
    }
}

impl Operation for DescribeReplicationBackfillResults {
    type Call = Call;
    const NAME: &'static str = "DescribeReplicationBackfillResults";
    const ACTION: &'static str = Action::DescribeReplicationBackfillResults.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        paging::limit(input.max_results, 1000)?;
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let limit = paging::limit(input.max_results, 1000)?;
        let (id, status) = (&input.replication_backfill_id, input.result_status_filter.as_deref());
        let (row, page) = backfills::results(&call.ctx, grant, id, status, input.next_token.as_deref(), limit).await?;
        Ok(Output {
            registry_id: call.account().to_string(),
            backfill: row.into(),
            results: page.items.into_iter().map(ImageResult::from).collect(),
            next_token: page.next_token,
        })
    }
}
