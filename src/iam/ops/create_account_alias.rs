//! `CreateAccountAlias`: gives the account an alias in place of the one it has.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html>
//!
//! The alias is kept and shown; no address of Wharf uses it.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::aliases;
use crate::checks::Checks;
use crate::error::Error;

/// The operation.
pub(crate) struct CreateAccountAlias;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    account_alias: String,
}

impl Operation for CreateAccountAlias {
    type Call = Call;
    const NAME: &'static str = "CreateAccountAlias";
    const ACTION: &'static str = "iam:CreateAccountAlias";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().account_alias(&input.account_alias).finish()?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        aliases::create(call, grant, input.account_alias).await
    }
}
