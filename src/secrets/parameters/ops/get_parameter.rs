//! `GetParameter`: a parameter by its name or ARN, perhaps with a version behind a colon.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::parameters::names::Name;
use crate::parameters::read;
use crate::parameters::shapes::Parameter;

/// The operation.
pub(crate) struct GetParameter;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    with_decryption: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    parameter: Parameter,
}

impl Operation for GetParameter {
    type Call = Call;
    const NAME: &'static str = "GetParameter";
    const ACTION: &'static str = "ssm:GetParameter";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Name::read(call, &input.name)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let found = read::get(call, grant, &Name::read(call, &input.name)?).await?;
        let parameter = Parameter::of(&call.ctx.app, found, input.with_decryption == Some(true))?;
        Ok(Output { parameter })
    }
}
