//! `ListImages`: the ids of images: one for each tag, and one for each image without a tag.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImages.html>

use app::api::Call;
use app::{Action, Grant, images};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::image::{Filter, ImageIdentifier};
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct ListImages;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    filter: Option<Filter>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    image_ids: Vec<ImageIdentifier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListImages {
    type Call = Call;
    const NAME: &'static str = "ListImages";
    const ACTION: &'static str = Action::ListImages.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::ListImages)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let limit = paging::limit(input.max_results, 1000)?;
        let shown = Filter::read(input.filter.as_ref())?;
        let page = images::list(&call.ctx, &target.permit(grant), shown, input.next_token.as_deref(), limit).await?;
        let id = |listed: images::Listed| ImageIdentifier {
            image_digest: Some(listed.digest.to_string()),
            image_tag: listed.tag.map(|tag| tag.to_string()),
        };
        Ok(Output { image_ids: page.ids.into_iter().map(id).collect(), next_token: page.next_token })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
