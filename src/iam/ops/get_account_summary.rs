//! `GetAccountSummary`: how much of everything the account has, and may have.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html>

use std::collections::BTreeMap;

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::summary;

/// The operation.
pub(crate) struct GetAccountSummary;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    summary_map: BTreeMap<&'static str, u64>,
}

impl Operation for GetAccountSummary {
    type Call = Call;
    const NAME: &'static str = "GetAccountSummary";
    const ACTION: &'static str = "iam:GetAccountSummary";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, _: Input) -> Result<Output, Error> {
        Ok(Output { summary_map: summary::get(call, grant).await? })
    }
}
