//! `ListTagsForResource`: the tags of an alarm.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListTagsForResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::{self, Tag};
use crate::{alarms, failures, need};

/// The operation.
pub(crate) struct ListTagsForResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    tags: Vec<Tag>,
}

impl Operation for ListTagsForResource {
    type Call = Call;
    const NAME: &'static str = "ListTagsForResource";
    const ACTION: &'static str = "cloudwatch:ListTagsForResource";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![need::on_alarm(call, Self::ACTION, &need::alarm_of(call, &input.resource_arn)?)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let found = alarms::find(call, &need::alarm_of(call, &input.resource_arn)?).await?;
        let alarm = found.ok_or_else(|| failures::no_such_resource(&input.resource_arn))?;
        Ok(Output { tags: shapes::tag_list(alarms::tags(&alarm.row)) })
    }
}
