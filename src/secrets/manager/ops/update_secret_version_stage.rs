//! `UpdateSecretVersionStage`: a stage goes to another version of its secret, or away.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::manager::names::SecretId;
use crate::manager::shapes::Named;
use crate::manager::versions;

/// The operation.
pub(crate) struct UpdateSecretVersionStage;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
    version_stage: String,
    remove_from_version_id: Option<String>,
    move_to_version_id: Option<String>,
}

impl Operation for UpdateSecretVersionStage {
    type Call = Call;
    const NAME: &'static str = "UpdateSecretVersionStage";
    const ACTION: &'static str = "secretsmanager:UpdateSecretVersionStage";
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
        versions::check_stages(std::slice::from_ref(&input.version_stage))?;
        let (from, to) = (input.remove_from_version_id, input.move_to_version_id);
        let moved = versions::move_stage(call, grant, &input.secret_id, input.version_stage, (from, to)).await?;
        Ok(Named::of(&moved))
    }
}
