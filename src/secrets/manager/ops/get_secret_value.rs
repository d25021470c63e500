//! `GetSecretValue`: what a version of a secret holds.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::manager::names::SecretId;
use crate::manager::shapes::SecretValue;
use crate::manager::versions;

/// The operation.
pub(crate) struct GetSecretValue;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
    version_id: Option<String>,
    version_stage: Option<String>,
}

impl Operation for GetSecretValue {
    type Call = Call;
    const NAME: &'static str = "GetSecretValue";
    const ACTION: &'static str = "secretsmanager:GetSecretValue";
    type Input = Input;
    type Output = SecretValue;
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<(), Error> {
        input.secret_id.resolve(call).await
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![input.secret_id.need(call, Self::ACTION)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<SecretValue, Error> {
        grant.require(Self::ACTION)?;
        if let Some(version_id) = &input.version_id {
            versions::check_id("versionId", version_id)?;
        }
        let (version_id, stage) = (input.version_id.as_deref(), input.version_stage.as_deref());
        versions::get(call, input.secret_id.found()?, version_id, stage).await.map(SecretValue::of)
    }
}
