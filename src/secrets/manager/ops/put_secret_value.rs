//! `PutSecretValue`: a secret gets a new version, which counts from now on unless stages say something else.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html>

use app::Grant;
use app::api::Call;
use aws::{Blob, Need, Operation};
use serde::{Deserialize, Serialize};
use types::Secret;

use app::sealed::CURRENT;

use crate::error::Error;
use crate::manager::failures;
use crate::manager::names::SecretId;
use crate::manager::shapes::Named;
use crate::manager::values::Value;
use crate::manager::versions::{self, NewVersion};
use crate::plain;

/// The operation.
pub(crate) struct PutSecretValue;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
    client_request_token: Option<String>,
    #[serde(default, deserialize_with = "plain::optional")]
    secret_string: Option<Secret>,
    secret_binary: Option<Blob>,
    version_stages: Option<Vec<String>>,
    rotation_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(flatten)]
    named: Named,
    version_id: String,
    version_stages: Vec<String>,
}

impl Operation for PutSecretValue {
    type Call = Call;
    const NAME: &'static str = "PutSecretValue";
    const ACTION: &'static str = "secretsmanager:PutSecretValue";
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
        if input.rotation_token.is_some() {
            return Err(failures::invalid("Rotation is not supported."));
        }
        let version_id = versions::new_id(&call.ctx.app, input.client_request_token)?;
        let value = Value::of(input.secret_string, input.secret_binary)?;
        let value =
            value.ok_or_else(|| failures::bad_request("You must provide either SecretString or SecretBinary."))?;
        let stages = input.version_stages.unwrap_or_else(|| vec![CURRENT.to_owned()]);
        versions::check_stages(&stages)?;
        let new = NewVersion { version_id: version_id.clone(), value, stages };
        let (row, version_stages) = versions::put_value(call, grant, &input.secret_id, new).await?;
        Ok(Output { named: Named::of(&row), version_id, version_stages })
    }
}
