//! `ListTagsForResource`: the tags of a repository as an AWS resource.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListTagsForResource.html>

use app::api::Call;
use app::{Action, Grant, resource_tags};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::arn;
use crate::shapes::tag::Tag;

/// The operation.
pub(crate) struct ListTagsForResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    resource_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    tags: Vec<Tag>,
}

impl Operation for ListTagsForResource {
    type Call = Call;
    const NAME: &'static str = "ListTagsForResource";
    const ACTION: &'static str = Action::ListTagsForResource.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![arn::target(call, &input.resource_arn)?.need(Action::ListTagsForResource)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = arn::target(call, &input.resource_arn)?;
        let tags = resource_tags::list(&call.ctx, &target.permit(grant)).await?;
        Ok(Output { tags: tags.into_iter().map(Into::into).collect() })
    }
}
