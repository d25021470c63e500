//! `DescribeImageReplicationStatus`: where an image was replicated to.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageReplicationStatus.html>
//!
//! The list is empty for an image that no rule was about when it was pushed.

use app::api::Call;
use app::images::ImageId;
use app::registry::replication;
use app::{Action, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::image::ImageIdentifier;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct DescribeImageReplicationStatus;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    repository_name: String,
    image_id: ImageIdentifier,
    replication_statuses: Vec<ReplicationStatus>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplicationStatus {
    region: String,
    registry_id: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<String>,
}

impl Operation for DescribeImageReplicationStatus {
    type Call = Call;
    const NAME: &'static str = "DescribeImageReplicationStatus";
    const ACTION: &'static str = Action::DescribeImageReplicationStatus.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::DescribeImageReplicationStatus)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let permit = target.permit(grant);
        let (digest, rows) = replication::status(&call.ctx, &permit, &ImageId::from(&input.image_id)).await?;
        let replication_statuses = rows
            .into_iter()
            .map(|row| ReplicationStatus {
                region: row.destination.region.to_string(),
                registry_id: row.destination.account.to_string(),
                status: row.status,
                failure_code: row.failure_code,
            })
            .collect();
        let image_id = ImageIdentifier { image_digest: Some(digest.to_string()), ..input.image_id };
        Ok(Output { repository_name: target.repository_name(), image_id, replication_statuses })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
