//! `DeleteParameters`: several parameters go. Those that are not there are listed.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameters.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::parameters::names::Name;
use crate::parameters::{change, failures};

/// The operation.
pub(crate) struct DeleteParameters;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    names: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    deleted_parameters: Vec<String>,
    invalid_parameters: Vec<String>,
}

impl Operation for DeleteParameters {
    type Call = Call;
    const NAME: &'static str = "DeleteParameters";
    const ACTION: &'static str = "ssm:DeleteParameters";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        if input.names.is_empty() || input.names.len() > 10 {
            return Err(failures::invalid("Between 1 and 10 names can be given."));
        }
        input.names.iter().map(|name| Ok(Name::read(call, name)?.need(Self::ACTION))).collect()
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let mut output = Output { deleted_parameters: Vec::new(), invalid_parameters: Vec::new() };
        for given in input.names {
            let name = Name::read(call, &given)?;
            match change::delete(call, grant, Self::ACTION, &name).await? {
                true => output.deleted_parameters.push(given),
                false => output.invalid_parameters.push(given),
            }
        }
        Ok(output)
    }
}
