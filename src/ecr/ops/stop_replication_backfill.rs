//! `StopReplicationBackfill`: stops a backfill. What is on its way comes to its end.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StopReplicationBackfill.html>

use app::api::Call;
use app::registry::backfills;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use super::replication_backfill::Begun;
use crate::error::Error;
use crate::shapes::target::own_registry;

/// The operation.
pub(crate) struct StopReplicationBackfill;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    replication_backfill_id: String,
}

impl Operation for StopReplicationBackfill {
    type Call = Call;
    const NAME: &'static str = "StopReplicationBackfill";
    const ACTION: &'static str = Action::StopReplicationBackfill.as_str();
    type Input = Input;
    type Output = Begun;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Begun, Error> {
        Ok(backfills::stop(&call.ctx, grant, &input.replication_backfill_id).await?.into())
    }
}
