//! `PutAccountSetting`: changes a setting of the account in the region.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutAccountSetting.html>

use app::api::Call;
use app::registry::account_settings;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct PutAccountSetting;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    name: String,
    value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    name: String,
    value: String,
}

impl Operation for PutAccountSetting {
    type Call = Call;
    const NAME: &'static str = "PutAccountSetting";
    const ACTION: &'static str = Action::PutAccountSetting.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any).with("ecr:AccountSetting", [input.name.clone()])])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        account_settings::put(&call.ctx, grant, &input.name, &input.value).await?;
        Ok(Output { name: input.name, value: input.value })
    }
}
