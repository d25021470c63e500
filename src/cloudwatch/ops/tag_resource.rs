//! `TagResource`: tags of an alarm are set.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::shapes::{self, Tag};
use crate::{alarms, failures, need};

/// The operation.
pub(crate) struct TagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    tags: Vec<Tag>,
}

impl Operation for TagResource {
    type Call = Call;
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = "cloudwatch:TagResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = need::on_alarm(call, Self::ACTION, &need::alarm_of(call, &input.resource_arn)?);
        Ok(vec![need.with_request_tags(input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        grant.require(Self::ACTION)?;
        let name = need::alarm_of(call, &input.resource_arn)?;
        if alarms::find(call, &name).await?.is_none() {
            return Err(failures::no_such_resource(&input.resource_arn));
        }
        let more = shapes::tags(input.tags);
        alarms::change(call, vec![name], move |_, tags| tags.extend(more.clone())).await
    }
}
