//! `PutAccountSettingDefault`: sets something for everybody in the account who has not set it.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAccountSettingDefault.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::account_settings::{self, Setting};
use crate::error::{Error, Result};

/// The operation.
pub(crate) struct PutAccountSettingDefault;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    name: String,
    value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    setting: Setting,
}

impl Operation for PutAccountSettingDefault {
    type Call = Call;
    const NAME: &'static str = "PutAccountSettingDefault";
    const ACTION: &'static str = "ecs:PutAccountSettingDefault";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let everybody = account_settings::everybody(&call.ctx.registry);
        Ok(Output { setting: account_settings::put(call, &input.name, &input.value, everybody).await? })
    }
}
