//! `DeleteCapacityProvider`: not supported.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCapacityProvider.html>
//!
//! Those that are built in cannot be deleted, and there are no others.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::arns;
use crate::capacity_providers;
use crate::error::{Error, Result};

/// The operation.
pub(crate) struct DeleteCapacityProvider;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    capacity_provider: String,
}

impl Operation for DeleteCapacityProvider {
    type Call = Call;
    const NAME: &'static str = "DeleteCapacityProvider";
    const ACTION: &'static str = "ecs:DeleteCapacityProvider";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let registry = &call.ctx.registry;
        let name =
            arns::resource(registry, &input.capacity_provider).and_then(|rest| rest.strip_prefix("capacity-provider/"));
        let arn = capacity_providers::arn(registry, name.unwrap_or(&input.capacity_provider));
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<()> {
        grant.require(Self::ACTION)?;
        let _ = (call, input);
        Err(Error::Unsupported("Capacity providers other than FARGATE and FARGATE_SPOT are not supported.".to_owned()))
    }
}
