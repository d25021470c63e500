//! `RestoreSecret`: a secret that was to go stays.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RestoreSecret.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::manager::names::SecretId;
use crate::manager::secrets;
use crate::manager::shapes::Named;

/// The operation.
pub(crate) struct RestoreSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
}

impl Operation for RestoreSecret {
    type Call = Call;
    const NAME: &'static str = "RestoreSecret";
    const ACTION: &'static str = "secretsmanager:RestoreSecret";
    type Input = Input;
    type Output = Named;
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<(), Error> {
        input.secret_id.resolve(call).await
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![input.secret_id.need(call, Self::ACTION)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Named, Error> {
        secrets::restore(call, grant, &input.secret_id).await.map(|row| Named::of(&row))
    }
}
