//! `DeleteRepositoryCreationTemplate`: removes a creation template and gives it back. Repositories keep what they got.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepositoryCreationTemplate.html>

use app::api::Call;
use app::registry::creation_templates;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use super::creation_template::Template;
use crate::error::Error;

/// The operation.
pub(crate) struct DeleteRepositoryCreationTemplate;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    prefix: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_creation_template: Template,
}

impl Operation for DeleteRepositoryCreationTemplate {
    type Call = Call;
    const NAME: &'static str = "DeleteRepositoryCreationTemplate";
    const ACTION: &'static str = Action::DeleteRepositoryCreationTemplate.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let template = creation_templates::delete(&call.ctx, grant, &input.prefix).await?;
        let template = Template::new(&call.ctx.registry, template);
        Ok(Output { registry_id: call.account().to_string(), repository_creation_template: template })
    }
}
