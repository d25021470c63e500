//! `CreateSecret`: a secret is made, with a first version if it is given a value. Keys of one's own and replicas are refused.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>

use app::Grant;
use app::api::Call;
use aws::{Blob, Need, Operation};
use serde::{Deserialize, Serialize};
use types::Secret;

use crate::error::Error;
use crate::manager::secrets::{self, NewSecret};
use crate::manager::shapes::Named;
use crate::manager::values::Value;
use crate::manager::{failures, names, versions};
use crate::plain;
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct CreateSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    client_request_token: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    #[serde(default, deserialize_with = "plain::optional")]
    secret_string: Option<Secret>,
    secret_binary: Option<Blob>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    add_replica_regions: Vec<serde_json::Value>,
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

impl Operation for CreateSecret {
    type Call = Call;
    const NAME: &'static str = "CreateSecret";
    const ACTION: &'static str = "secretsmanager:CreateSecret";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = |action| names::need_to_make(call, &input.name, action).with_request_tags(tags::pairs(&input.tags));
        let tagging = (!input.tags.is_empty()).then(|| need("secretsmanager:TagResource"));
        Ok([need(Self::ACTION)].into_iter().chain(tagging).collect())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        names::check(&input.name)?;
        secrets::check_description(input.description.as_deref())?;
        secrets::check_key(input.kms_key_id.as_deref())?;
        if !input.add_replica_regions.is_empty() || input.r#type.is_some_and(|kind| !kind.is_empty()) {
            return Err(failures::invalid("Replicas and secrets of other services are not supported."));
        }
        let version_id = versions::new_id(&call.ctx.app, input.client_request_token)?;
        let new = NewSecret {
            name: input.name,
            description: input.description,
            tags: tags::checked(input.tags).map_err(failures::invalid)?,
            version_id: version_id.clone(),
            value: Value::of(input.secret_string, input.secret_binary)?,
        };
        let (row, has_value) = secrets::create(call, grant, new).await?;
        Ok(Output { named: Named::of(&row), version_id: has_value.then_some(version_id) })
    }
}
