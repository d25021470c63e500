//! `UntagResource`: tags of an alarm are removed.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_UntagResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::{alarms, failures, need};

/// The operation.
pub(crate) struct UntagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    type Call = Call;
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = "cloudwatch:UntagResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = need::on_alarm(call, Self::ACTION, &need::alarm_of(call, &input.resource_arn)?);
        Ok(vec![need.with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        grant.require(Self::ACTION)?;
        let name = need::alarm_of(call, &input.resource_arn)?;
        if alarms::find(call, &name).await?.is_none() {
            return Err(failures::no_such_resource(&input.resource_arn));
        }
        let keys = input.tag_keys;
        alarms::change(call, vec![name], move |_, tags| tags.retain(|key, _| !keys.contains(key))).await
    }
}
