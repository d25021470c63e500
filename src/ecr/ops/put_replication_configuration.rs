//! `PutReplicationConfiguration`: where the images of the registry are to be replicated to; without rules nowhere.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutReplicationConfiguration.html>
//!
//! A destination that is no registry of this installation is where an operator said that it is (`wharf
//! replication-target`).

use app::api::Call;
use app::registry::replication::{self, ReplicationConfiguration};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct PutReplicationConfiguration;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    replication_configuration: ReplicationConfiguration,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    replication_configuration: ReplicationConfiguration,
}

impl Operation for PutReplicationConfiguration {
    type Call = Call;
    const NAME: &'static str = "PutReplicationConfiguration";
    const ACTION: &'static str = Action::PutReplicationConfiguration.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let replication_configuration = input.replication_configuration;
        replication::put(&call.ctx, grant, &replication_configuration).await?;
        Ok(Output { replication_configuration })
    }
}
