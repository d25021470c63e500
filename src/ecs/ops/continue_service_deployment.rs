//! `ContinueServiceDeployment`: not supported. Goes on after a pause of a deployment. Rolling deployments have no pauses: ECS answers so where a feature is missing.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContinueServiceDeployment.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::error::{Error, Result};

/// The operation.
pub(crate) struct ContinueServiceDeployment;

/// Nothing is looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

impl Operation for ContinueServiceDeployment {
    type Call = Call;
    const NAME: &'static str = "ContinueServiceDeployment";
    const ACTION: &'static str = "ecs:ContinueServiceDeployment";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(_: &Call, grant: &Grant, _: Input) -> Result<()> {
        grant.require(Self::ACTION)?;
        Err(Error::Unsupported("Deployment lifecycle hooks are not supported by this server.".to_owned()))
    }
}
