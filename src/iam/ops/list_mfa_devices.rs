//! `ListMFADevices`: the MFA devices of a user: none, since Wharf has no such thing.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html>
//!
//! Terraform asks for them before it removes a user by force.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::access_keys;
use crate::checks::Checks;
use crate::error::Error;

/// The operation.
pub(crate) struct ListMFADevices;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(rename = "MFADevices")]
    mfa_devices: Vec<String>,
    is_truncated: bool,
}

impl Operation for ListMFADevices {
    type Call = Call;
    const NAME: &'static str = "ListMFADevices";
    const ACTION: &'static str = "iam:ListMFADevices";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        access_keys::owner_needs::<Self>(call, Checks::new().max_items(input.max_items), input.user_name.as_deref())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        access_keys::owner::<Self>(call, grant, &input, input.user_name.as_deref()).await?;
        Ok(Output { mfa_devices: Vec::new(), is_truncated: false })
    }
}
