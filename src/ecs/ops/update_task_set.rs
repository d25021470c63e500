//! `UpdateTaskSet`: not supported. Task sets belong to deployment controllers other than ECS, which Wharf does not have.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskSet.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::error::{Error, Result};

/// The operation.
pub(crate) struct UpdateTaskSet;

/// Nothing is looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

impl Operation for UpdateTaskSet {
    type Call = Call;
    const NAME: &'static str = "UpdateTaskSet";
    const ACTION: &'static str = "ecs:UpdateTaskSet";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(_: &Call, grant: &Grant, _: Input) -> Result<()> {
        grant.require(Self::ACTION)?;
        Err(Error::Unsupported("Task sets are not supported by this server.".to_owned()))
    }
}
