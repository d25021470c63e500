//! `DeleteAccountSetting`: goes back to what holds for everybody.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteAccountSetting.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::account_settings::{self, Setting};
use crate::error::{Error, Result};

/// The operation.
pub(crate) struct DeleteAccountSetting;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    name: String,
    principal_arn: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    setting: Setting,
}

impl Operation for DeleteAccountSetting {
    type Call = Call;
    const NAME: &'static str = "DeleteAccountSetting";
    const ACTION: &'static str = "ecs:DeleteAccountSetting";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let principal = account_settings::principal(call, input.principal_arn.as_deref())?;
        Ok(Output { setting: account_settings::delete(call, &input.name, principal).await? })
    }
}
