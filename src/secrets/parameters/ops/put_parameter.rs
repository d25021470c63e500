//! `PutParameter`: a parameter is made, or gets another version. Policies, keys of one's own and other data types than `text`
//! are refused.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};
use types::Secret;

use crate::error::Error;
use crate::parameters::failures;
use crate::parameters::names::Name;
use crate::parameters::put::{self, Request};
use crate::plain;
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct PutParameter;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    #[serde(deserialize_with = "plain::required")]
    value: Secret,
    r#type: Option<String>,
    description: Option<String>,
    key_id: Option<String>,
    overwrite: Option<bool>,
    allowed_pattern: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    tier: Option<String>,
    policies: Option<String>,
    data_type: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    version: u64,
    tier: String,
}

impl Operation for PutParameter {
    type Call = Call;
    const NAME: &'static str = "PutParameter";
    const ACTION: &'static str = "ssm:PutParameter";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let name = Name::read(call, &input.name)?;
        let need = |action| name.need(action).with_request_tags(tags::pairs(&input.tags));
        let tagging = (!input.tags.is_empty()).then(|| need("ssm:AddTagsToResource"));
        Ok([need(Self::ACTION)].into_iter().chain(tagging).collect())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        if input.policies.is_some_and(|policies| !matches!(policies.trim(), "" | "[]" | "{}")) {
            return Err(failures::no_policies());
        }
        let request = Request {
            name: input.name,
            value: input.value,
            kind: input.r#type,
            description: input.description,
            key_id: input.key_id.filter(|key| !key.is_empty()),
            overwrite: input.overwrite == Some(true),
            allowed_pattern: input.allowed_pattern,
            tags: tags::checked(input.tags).map_err(failures::invalid)?,
            tier: input.tier,
            data_type: input.data_type.filter(|kind| !kind.is_empty()),
        };
        let (version, tier) = put::put(call, grant, request).await?;
        Ok(Output { version, tier })
    }
}
