//! `GetParameterHistory`: the versions of a parameter, oldest first.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameterHistory.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::parameters::names::Name;
use crate::parameters::shapes::Description;
use crate::parameters::{failures, read};
use crate::tokens::List;

/// The operation.
pub(crate) struct GetParameterHistory;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    with_decryption: Option<bool>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    parameters: Vec<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for GetParameterHistory {
    type Call = Call;
    const NAME: &'static str = "GetParameterHistory";
    const ACTION: &'static str = "ssm:GetParameterHistory";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Name::read(call, &input.name)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let limit = usize::try_from(input.max_results.unwrap_or(MOST)).ok().filter(|limit| (1..=50).contains(limit));
        let limit = limit.ok_or_else(|| failures::invalid("MaxResults is between 1 and 50."))?;
        let name = Name::read(call, &input.name)?;
        let list = List::new(call, &format!("{} {}", Self::NAME, name.as_str()));
        let after: Option<u64> = list.open(input.next_token.as_deref(), failures::bad_token)?;
        let (row, mut versions) = read::history(call, grant, &name, (after.unwrap_or_default(), limit)).await?;
        let next_token = list.cut(&mut versions, limit, |last| last.version)?;
        let decrypt = input.with_decryption == Some(true);
        let past = versions.into_iter().map(|version| Description::past(&call.ctx.app, &row, version, decrypt));
        Ok(Output { parameters: past.collect::<Result<_, _>>()?, next_token })
    }
}

/// The most versions of a page.
const MOST: i64 = 50;
