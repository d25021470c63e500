//! `ListSSHPublicKeys`: the SSH keys of a user: none, since Wharf has no such thing.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSSHPublicKeys.html>
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
pub(crate) struct ListSSHPublicKeys;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(rename = "SSHPublicKeys")]
    ssh_public_keys: Vec<String>,
    is_truncated: bool,
}

impl Operation for ListSSHPublicKeys {
    type Call = Call;
    const NAME: &'static str = "ListSSHPublicKeys";
    const ACTION: &'static str = "iam:ListSSHPublicKeys";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        access_keys::owner_needs::<Self>(call, Checks::new().max_items(input.max_items), input.user_name.as_deref())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        access_keys::owner::<Self>(call, grant, &input, input.user_name.as_deref()).await?;
        Ok(Output { ssh_public_keys: Vec::new(), is_truncated: false })
    }
}
