//! `StartReplicationBackfill`: replicates what is there already to a destination.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartReplicationBackfill.html>
//!
//! Nothing is replicated yet, so no backfill begins: a destination that is not configured is refused as on ECR, one
//! that is with a `ValidationException` that says so.

use app::api::Call;
use app::registry::replication::{self, ReplicationDestination};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

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

/// There is none: no backfill begins.
#[derive(Debug, Serialize)]
pub(crate) enum Output {}

impl Operation for StartReplicationBackfill {
    type Call = Call;
    const NAME: &'static str = "StartReplicationBackfill";
    const ACTION: &'static str = Action::StartReplicationBackfill.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        own_registry(call, input.registry_id.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        match replication::start_backfill(&call.ctx, grant, &input.destination).await? {}
    }
}
