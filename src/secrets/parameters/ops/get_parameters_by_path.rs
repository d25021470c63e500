//! `GetParametersByPath`: the parameters below a path.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::Arn;

use crate::error::Error;
use crate::parameters::filters::{Filter, Filters};
use crate::parameters::shapes::Parameter;
use crate::parameters::{failures, read};
use crate::tokens::List;

/// The operation.
pub(crate) struct GetParametersByPath;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    path: String,
    recursive: Option<bool>,
    parameter_filters: Option<Vec<Filter>>,
    with_decryption: Option<bool>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for GetParametersByPath {
    type Call = Call;
    const NAME: &'static str = "GetParametersByPath";
    const ACTION: &'static str = "ssm:GetParametersByPath";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let (registry, path) = (&call.ctx.registry, &input.path);
        let arn = Arn::of("ssm", registry, &format!("parameter/{}", path.strip_prefix('/').unwrap_or(path)));
        let recursive = input.recursive == Some(true);
        let need = Need::new(Self::ACTION, Resource::Arn(registry.account.clone(), arn));
        Ok(vec![need.with("ssm:Recursive", [recursive.to_string()])])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let path = &input.path;
        if !path.starts_with('/') || path.len() > 2048 {
            return Err(failures::invalid(
                "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a \
                 forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).",
            ));
        }
        let limit = usize::try_from(input.max_results.unwrap_or(MOST)).ok().filter(|limit| (1..=10).contains(limit));
        let limit = limit.ok_or_else(|| failures::invalid("MaxResults is between 1 and 10."))?;
        let recursive = input.recursive == Some(true);
        let list = List::new(call, &format!("{} {path} {recursive} {:?}", Self::NAME, input.parameter_filters));
        let after = list.open(input.next_token.as_deref(), failures::bad_token)?;
        let filters = Filters::of_path(path, recursive, input.parameter_filters)?;
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let (found, last) = read::list(call, &filters, &prefix, after, limit).await?;
        let decrypt = input.with_decryption == Some(true);
        let parameters =
            found.into_iter().map(|(row, version)| Parameter::of(&call.ctx.app, (row, version, None), decrypt));
        let next_token = last.map(|last| list.seal(&last)).transpose()?;
        Ok(Output { parameters: parameters.collect::<Result<_, _>>()?, next_token })
    }
}

/// The most parameters of a page.
const MOST: i64 = 10;
