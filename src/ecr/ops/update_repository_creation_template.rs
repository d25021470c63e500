//! `UpdateRepositoryCreationTemplate`: changes a creation template. What is not named stays; an empty text or list
//! clears.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdateRepositoryCreationTemplate.html>

use app::api::Call;
use app::registry::creation_templates;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use super::creation_template::{Changed, Template};
use crate::error::Error;

/// The operation.
pub(crate) struct UpdateRepositoryCreationTemplate;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    prefix: String,
    applied_for: Option<Vec<String>>,
    #[serde(flatten, deserialize_with = "aws::structure")]
    settings: Changed,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_creation_template: Template,
}

impl Operation for UpdateRepositoryCreationTemplate {
    type Call = Call;
    const NAME: &'static str = "UpdateRepositoryCreationTemplate";
    const ACTION: &'static str = Action::UpdateRepositoryCreationTemplate.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let change = input.settings.read(&call.ctx.registry, input.applied_for)?;
        let template = creation_templates::update(&call.ctx, grant, &input.prefix, change).await?;
        let template = Template::new(&call.ctx.registry, template);
        Ok(Output { registry_id: call.account().to_string(), repository_creation_template: template })
    }
}
