//! `CreateRepositoryCreationTemplate`: what repositories get that are created under a prefix on somebody's behalf.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepositoryCreationTemplate.html>
//!
//! Tags and keys of KMS need no role here.

use app::api::Call;
use app::registry::creation_templates;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use super::creation_template::{Changed, Template};
use crate::error::Error;

/// The operation.
pub(crate) struct CreateRepositoryCreationTemplate;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    prefix: String,
    applied_for: Vec<String>,
    #[serde(flatten, deserialize_with = "aws::structure")]
    settings: Changed,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_creation_template: Template,
}

impl Operation for CreateRepositoryCreationTemplate {
    type Call = Call;
    const NAME: &'static str = "CreateRepositoryCreationTemplate";
    const ACTION: &'static str = Action::CreateRepositoryCreationTemplate.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let change = input.settings.read(&call.ctx.registry, Some(input.applied_for))?;
        let template = creation_templates::create(&call.ctx, grant, &input.prefix, change).await?;
        let template = Template::new(&call.ctx.registry, template);
        Ok(Output { registry_id: call.account().to_string(), repository_creation_template: template })
    }
}
