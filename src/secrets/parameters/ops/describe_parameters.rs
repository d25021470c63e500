//! `DescribeParameters`: parameters without their values, by name.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::parameters::filters::{Filter, Filters};
use crate::parameters::shapes::Description;
use crate::parameters::{failures, read};
use crate::tokens::List;

/// The operation.
pub(crate) struct DescribeParameters;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    filters: Option<Vec<Filter>>,
    parameter_filters: Option<Vec<Filter>>,
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

impl Operation for DescribeParameters {
    type Call = Call;
    const NAME: &'static str = "DescribeParameters";
    const ACTION: &'static str = "ssm:DescribeParameters";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let limit = usize::try_from(input.max_results.unwrap_or(MOST)).ok().filter(|limit| (1..=50).contains(limit));
        let limit = limit.ok_or_else(|| failures::invalid("MaxResults is between 1 and 50."))?;
        let list = List::new(call, &format!("{} {:?} {:?}", Self::NAME, input.filters, input.parameter_filters));
        let after = list.open(input.next_token.as_deref(), failures::bad_token)?;
        let filters = match (input.filters, input.parameter_filters) {
            (Some(_), Some(_)) => {
                return Err(failures::invalid("You can use either Filters or ParameterFilters in a single request."));
            }
            (Some(old), None) => Filters::read_old(Some(old))?,
            (None, filters) => Filters::read(filters)?,
        };
        let (found, last) = read::list(call, &filters, "", after, limit).await?;
        let parameters = found.into_iter().map(|(row, version)| Description::of(&row, version)).collect();
        Ok(Output { parameters, next_token: last.map(|last| list.seal(&last)).transpose()? })
    }
}

/// The most parameters of a page.
const MOST: i64 = 50;
