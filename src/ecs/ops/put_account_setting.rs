//! `PutAccountSetting`: sets something for a user, a role, or the root, whose settings are those of everybody.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAccountSetting.html>
//!
//! Most settings are kept for the tools that read them back: see `account_settings`.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::account_settings::{self, Setting};
use crate::error::{Error, Result};

/// The operation.
pub(crate) struct PutAccountSetting;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    name: String,
    value: String,
    principal_arn: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    setting: Setting,
}

impl Operation for PutAccountSetting {
    type Call = Call;
    const NAME: &'static str = "PutAccountSetting";
    const ACTION: &'static str = "ecs:PutAccountSetting";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let principal = account_settings::principal(call, input.principal_arn.as_deref())?;
        Ok(Output { setting: account_settings::put(call, &input.name, &input.value, principal).await? })
    }
}
