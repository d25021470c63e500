//! `DescribeRegistry`: whose registry it is, and where its images are to be replicated to.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRegistry.html>

use app::api::Call;
use app::registry::replication::{self, ReplicationConfiguration};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct DescribeRegistry;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    replication_configuration: ReplicationConfiguration,
}

impl Operation for DescribeRegistry {
    type Call = Call;
    const NAME: &'static str = "DescribeRegistry";
    const ACTION: &'static str = Action::DescribeRegistry.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, _: Input) -> Result<Output, Error> {
        let replication_configuration = replication::get(&call.ctx, grant).await?;
        Ok(Output { registry_id: call.account().to_string(), replication_configuration })
    }
}
