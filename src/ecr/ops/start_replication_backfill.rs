//! `StartReplicationBackfill`: replicates what is there already to a destination of the replication configuration.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartReplicationBackfill.html>

use app::api::Call;
use app::registry::backfills;
use app::registry::replication::ReplicationDestination;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use super::replication_backfill::Begun;
use crate::error::Error;
use crate::shapes::target::own_registry;

/// The operation.
pub(crate) struct StartReplicationBackfill;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    destination: ReplicationDestination,
}

impl Operation for StartReplicationBackfill {
    type Call = Call;
    const NAME: &'static str = "StartReplicationBackfill";
    const ACTION: &'static str = Action::StartReplicationBackfill.as_str();
    type Input = Input;
    type Output = Begun;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Begun, Error> {
        Ok(backfills::start(&call.ctx, grant, &input.destination).await?.into())
    }
}
