//! `UntagResource`: tags of a repository as an AWS resource are removed by their keys; unknown keys are passed over.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UntagResource.html>

use app::api::Call;
use app::{Action, Grant, resource_tags};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::shapes::arn;

/// The operation.
pub(crate) struct UntagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    resource_arn: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    type Call = Call;
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = Action::UntagResource.as_str();
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![
            arn::target(call, &input.resource_arn)?.need(Action::UntagResource).with_tag_keys(input.tag_keys.clone()),
        ])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let target = arn::target(call, &input.resource_arn)?;
        Ok(resource_tags::remove(&call.ctx, &target.permit(grant), input.tag_keys).await?)
    }
}
