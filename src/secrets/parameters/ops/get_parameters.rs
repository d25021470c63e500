//! `GetParameters`: several parameters by their names. Those that are not there are listed.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::parameters::names::Name;
use crate::parameters::shapes::Parameter;
use crate::parameters::{failures, read};

/// The operation.
pub(crate) struct GetParameters;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    names: Vec<String>,
    with_decryption: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    parameters: Vec<Parameter>,
    invalid_parameters: Vec<String>,
}

impl Operation for GetParameters {
    type Call = Call;
    const NAME: &'static str = "GetParameters";
    const ACTION: &'static str = "ssm:GetParameters";
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
        let names = input.names.iter().map(|name| Name::read(call, name)).collect::<Result<Vec<_>, _>>()?;
        let (found, invalid_parameters) = read::get_all(call, grant, &names).await?;
        let decrypt = input.with_decryption == Some(true);
        let parameters = found.into_iter().map(|one| Parameter::of(&call.ctx.app, one, decrypt));
        Ok(Output { parameters: parameters.collect::<Result<_, _>>()?, invalid_parameters })
    }
}
