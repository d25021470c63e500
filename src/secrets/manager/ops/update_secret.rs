//! `UpdateSecret`: another description, or a new version that counts.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html>

use app::Grant;
use app::api::Call;
use aws::{Blob, Need, Operation};
use serde::{Deserialize, Serialize};
use types::Secret;

use crate::error::Error;
use crate::manager::failures;
use crate::manager::names::SecretId;
use crate::manager::secrets::{self, Update};
use crate::manager::shapes::Named;
use crate::manager::values::Value;
use crate::manager::versions;
use crate::plain;

/// The operation.
pub(crate) struct UpdateSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
    client_request_token: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    #[serde(default, deserialize_with = "plain::optional")]
    secret_string: Option<Secret>,
    secret_binary: Option<Blob>,
    r#type: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(flatten)]
    named: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
}

impl Operation for UpdateSecret {
    type Call = Call;
    const NAME: &'static str = "UpdateSecret";
    const ACTION: &'static str = "secretsmanager:UpdateSecret";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<(), Error> {
        input.secret_id.resolve(call).await
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![input.secret_id.need(call, Self::ACTION)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        secrets::check_description(input.description.as_deref())?;
        secrets::check_key(input.kms_key_id.as_deref())?;
        if input.r#type.is_some_and(|kind| !kind.is_empty()) {
            return Err(failures::invalid("Secrets of other services are not supported."));
        }
        let version_id = versions::new_id(&call.ctx.app, input.client_request_token)?;
        let version = Value::of(input.secret_string, input.secret_binary)?.map(|value| (version_id, value));
        let update = Update { description: input.description, version };
        let (row, version_id) = secrets::update(call, grant, &input.secret_id, update).await?;
        Ok(Output { named: Named::of(&row), version_id })
    }
}
