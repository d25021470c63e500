//! `PutRetentionPolicy`: for how many days a group keeps events.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::names::GroupName;
use crate::{failures, groups};

/// The operation.
pub(crate) struct PutRetentionPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
    retention_in_days: i64,
}

impl Operation for PutRetentionPolicy {
    type Call = Call;
    const NAME: &'static str = "PutRetentionPolicy";
    const ACTION: &'static str = "logs:PutRetentionPolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![GroupName::read(&input.log_group_name)?.need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let days = u16::try_from(input.retention_in_days).ok().filter(|days| groups::RETENTION.contains(days));
        let Some(days) = days else {
            let known: Vec<String> = groups::RETENTION.iter().map(ToString::to_string).collect();
            return Err(failures::invalid(format!(
                "1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy constraint: Member must \
                 satisfy enum value set: [{}]",
                input.retention_in_days,
                known.join(", ")
            )));
        };
        groups::keep(call, grant, Self::ACTION, &GroupName::read(&input.log_group_name)?, Some(days)).await
    }
}
