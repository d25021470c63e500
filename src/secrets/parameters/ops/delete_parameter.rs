//! `DeleteParameter`: a parameter goes with its history.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::parameters::names::Name;
use crate::parameters::{change, failures};

/// The operation.
pub(crate) struct DeleteParameter;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
}

impl Operation for DeleteParameter {
    type Call = Call;
    const NAME: &'static str = "DeleteParameter";
    const ACTION: &'static str = "ssm:DeleteParameter";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Name::read(call, &input.name)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let name = Name::read(call, &input.name)?;
        match change::delete(call, grant, Self::ACTION, &name).await? {
            true => Ok(()),
            false => Err(failures::no_parameter(name.given())),
        }
    }
}
