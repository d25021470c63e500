//! `StopReplicationBackfill`: stops a backfill. None exists, since nothing is replicated yet.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StopReplicationBackfill.html>

use app::api::Call;
use app::registry::replication;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

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

/// There is none: no backfill exists.
#[derive(Debug, Serialize)]
pub(crate) enum Output {}

impl Operation for StopReplicationBackfill {
    type Call = Call;
    const NAME: &'static str = "StopReplicationBackfill";
    const ACTION: &'static str = Action::StopReplicationBackfill.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        match replication::backfill(&call.ctx, grant, Action::StopReplicationBackfill, &input.replication_backfill_id)? {}
    }
}
