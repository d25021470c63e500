//! `UpdateCapacityProvider`: not supported.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateCapacityProvider.html>
//!
//! Those that are built in cannot be changed, and there are no others.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::arns;
use crate::capacity_providers;
use crate::error::{Error, Result};

/// The operation.
pub(crate) struct UpdateCapacityProvider;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    name: String,
}

impl Operation for UpdateCapacityProvider {
    type Call = Call;
    const NAME: &'static str = "UpdateCapacityProvider";
    const ACTION: &'static str = "ecs:UpdateCapacityProvider";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let registry = &call.ctx.registry;
        let name = arns::resource(registry, &input.name).and_then(|rest| rest.strip_prefix("capacity-provider/"));
        let arn = capacity_providers::arn(registry, name.unwrap_or(&input.name));
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<()> {
        grant.require(Self::ACTION)?;
        let _ = (call, input);
        Err(Error::Unsupported("Capacity providers other than FARGATE and FARGATE_SPOT are not supported.".to_owned()))
    }
}
