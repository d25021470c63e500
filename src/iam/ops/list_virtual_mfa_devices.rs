//! `ListVirtualMFADevices`: the virtual MFA devices of the account: none, since Wharf has no such thing.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html>
//!
//! Terraform asks for them before it removes a user by force.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;

/// The operation.
pub(crate) struct ListVirtualMFADevices;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(rename = "VirtualMFADevices")]
    virtual_mfa_devices: Vec<String>,
    is_truncated: bool,
}

impl Operation for ListVirtualMFADevices {
    type Call = Call;
    const NAME: &'static str = "ListVirtualMFADevices";
    const ACTION: &'static str = "iam:ListVirtualMFADevices";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().max_items(input.max_items).finish()?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(_: &Call, grant: &Grant, _: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        Ok(Output { virtual_mfa_devices: Vec::new(), is_truncated: false })
    }
}
