//! `DeleteAccountAlias`: takes the alias from the account.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountAlias.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::aliases;
use crate::checks::Checks;
use crate::error::Error;

/// The operation.
pub(crate) struct DeleteAccountAlias;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    account_alias: String,
}

impl Operation for DeleteAccountAlias {
    type Call = Call;
    const NAME: &'static str = "DeleteAccountAlias";
    const ACTION: &'static str = "iam:DeleteAccountAlias";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().account_alias(&input.account_alias).finish()?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        aliases::delete(call, grant, input.account_alias).await
    }
}
