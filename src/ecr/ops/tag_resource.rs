//! `TagResource`: tags of a repository as an AWS resource are set, those of the same keys replaced.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_TagResource.html>

use app::api::Call;
use app::{Action, Grant, resource_tags};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::shapes::arn;
use crate::shapes::tag::{self, Tag};

/// The operation.
pub(crate) struct TagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    resource_arn: String,
    tags: Vec<Tag>,
}

impl Operation for TagResource {
    type Call = Call;
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = Action::TagResource.as_str();
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![
            arn::target(call, &input.resource_arn)?
                .need(Action::TagResource)
                .with_request_tags(tag::pairs(&input.tags)),
        ])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let target = arn::target(call, &input.resource_arn)?;
        let tags = input.tags.into_iter().map(Into::into).collect();
        Ok(resource_tags::set(&call.ctx, &target.permit(grant), tags).await?)
    }
}
