//! `DescribeRepositoryCreationTemplates`: the creation templates of the registry by prefix, or those of some prefixes.
//! An
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositoryCreationTemplates.html>
//! unknown prefix is left out: the operation has no error for it.

use app::api::Call;
use app::registry::creation_templates;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use super::creation_template::Template;
use crate::error::Error;
use crate::shapes::paging;

/// The operation.
pub(crate) struct DescribeRepositoryCreationTemplates;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    prefixes: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_creation_templates: Vec<Template>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeRepositoryCreationTemplates {
    type Call = Call;
    const NAME: &'static str = "DescribeRepositoryCreationTemplates";
    const ACTION: &'static str = Action::DescribeRepositoryCreationTemplates.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        paging::limit(input.max_results, 1000)?;
        if input.prefixes.is_some() {
            paging::no_paging("prefixes", input.max_results, input.next_token.as_deref())?;
        }
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (templates, next_token) = match &input.prefixes {
            Some(prefixes) => (creation_templates::find_all(&call.ctx, grant, prefixes).await?, None),
            None => {
                let limit = paging::limit(input.max_results, 1000)?;
                let page = creation_templates::list(&call.ctx, grant, input.next_token.as_deref(), limit).await?;
                (page.items, page.next_token)
            }
        };
        let shown = |template| Template::new(&call.ctx.registry, template);
        let repository_creation_templates = templates.into_iter().map(shown).collect();
        Ok(Output { registry_id: call.account().to_string(), repository_creation_templates, next_token })
    }
}
