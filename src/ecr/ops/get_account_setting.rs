//! `GetAccountSetting`: a setting of the account in the region.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAccountSetting.html>
//!
//! `BLOB_MOUNTING` is `ENABLED` until somebody changes it, unlike on ECR: docker users are used to it.

use app::api::Call;
use app::registry::account_settings;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct GetAccountSetting;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    name: String,
    value: String,
}

impl Operation for GetAccountSetting {
    type Call = Call;
    const NAME: &'static str = "GetAccountSetting";
    const ACTION: &'static str = Action::GetAccountSetting.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let value = account_settings::get(&call.ctx, grant, &input.name).await?;
        Ok(Output { name: input.name, value })
    }
}
