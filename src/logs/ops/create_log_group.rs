//! `CreateLogGroup`: a group is made. Keys of one's own, other classes than `STANDARD` and protection from deletion are refused.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>

use std::collections::BTreeMap;

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::names::GroupName;
use crate::{failures, groups};

/// The operation.
pub(crate) struct CreateLogGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
    kms_key_id: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    log_group_class: Option<String>,
    deletion_protection_enabled: Option<bool>,
}

impl Operation for CreateLogGroup {
    type Call = Call;
    const NAME: &'static str = "CreateLogGroup";
    const ACTION: &'static str = "logs:CreateLogGroup";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = GroupName::read(&input.log_group_name)?.need(call, Self::ACTION);
        let tags = input.tags.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
        Ok(vec![need.with_request_tags(tags)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        if input.kms_key_id.is_some() {
            return Err(failures::invalid("Keys of AWS KMS are not supported."));
        }
        if input.log_group_class.is_some_and(|class| class != "STANDARD") {
            return Err(failures::invalid("Log groups are of the class STANDARD here."));
        }
        if input.deletion_protection_enabled == Some(true) {
            return Err(failures::invalid("Deletion protection of log groups is not supported."));
        }
        groups::create(call, grant, &GroupName::read(&input.log_group_name)?, input.tags.unwrap_or_default()).await
    }
}
