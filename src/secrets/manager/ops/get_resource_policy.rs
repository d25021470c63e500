//! `GetResourcePolicy`: the policy of a secret. None has one here; Terraform asks.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetResourcePolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::manager::names::SecretId;
use crate::manager::shapes::Named;

/// The operation.
pub(crate) struct GetResourcePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
}

impl Operation for GetResourcePolicy {
    type Call = Call;
    const NAME: &'static str = "GetResourcePolicy";
    const ACTION: &'static str = "secretsmanager:GetResourcePolicy";
    type Input = Input;
    type Output = Named;
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<(), Error> {
        input.secret_id.resolve(call).await
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![input.secret_id.need(call, Self::ACTION)?])
    }

    async fn run(_: &Call, grant: &Grant, input: Input) -> Result<Named, Error> {
        grant.require(Self::ACTION)?;
        input.secret_id.found().map(Named::of)
    }
}
