//! `DescribeImageReplicationStatus`: where an image was replicated to.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageReplicationStatus.html>
//!
//! Nothing is replicated yet, so no replication of an image has begun, ended or failed: the list is empty, as on ECR for an
//! image that no rule is about.

use app::api::Call;
use app::registry::replication;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::RepoName;

use super::image_identifier::ImageIdentifier;
use crate::error::Error;
use crate::parameters::repository;

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
    repository_name: RepoName,
    image_id: ImageIdentifier,
    /// Always empty.
    replication_statuses: [(); 0],
}

impl Operation for DescribeImageReplicationStatus {
    type Call = Call;
    const NAME: &'static str = "DescribeImageReplicationStatus";
    const ACTION: &'static str = Action::DescribeImageReplicationStatus.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let (registry, name) = repository(call, input.registry_id.as_deref(), &input.repository_name)?;
        Ok(vec![Need::new(Self::ACTION, Resource::Repository(registry, name))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (registry, name) = repository(call, input.registry_id.as_deref(), &input.repository_name)?;
        let permit = grant.permit(&registry, &name);
        let digest = replication::status(&call.ctx, &permit, &input.image_id.id()).await?;
        let image_id = input.image_id.found(digest);
        Ok(Output { repository_name: name, image_id, replication_statuses: [] })
    }
}
