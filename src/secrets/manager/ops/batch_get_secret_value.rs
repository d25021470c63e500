//! `BatchGetSecretValue`: what several secrets hold. Each of them takes `secretsmanager:GetSecretValue` too; those that cannot be
//! read are listed with why.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html>

use app::Grant;
use app::api::Call;
use app::authz;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::manager::failures;
use crate::manager::filters::{Filter, Filters};
use crate::manager::names::{self, SecretId};
use crate::manager::secrets::{self, Wanted};
use crate::manager::shapes::SecretValue;
use crate::manager::versions;
use crate::tokens::List;

/// The operation.
pub(crate) struct BatchGetSecretValue;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id_list: Option<Vec<SecretId>>,
    filters: Option<Vec<Filter>>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    secret_values: Vec<SecretValue>,
    errors: Vec<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for BatchGetSecretValue {
    type Call = Call;
    const NAME: &'static str = "BatchGetSecretValue";
    const ACTION: &'static str = "secretsmanager:BatchGetSecretValue";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let listing = input.filters.is_some().then(|| Need::new("secretsmanager:ListSecrets", Resource::Any));
        Ok([Need::new(Self::ACTION, Resource::Any)].into_iter().chain(listing).collect())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let mut output = Output { secret_values: Vec::new(), errors: Vec::new(), next_token: None };
        match (input.secret_id_list, input.filters) {
            (Some(ids), None) => {
                if ids.is_empty() || ids.len() > MOST || input.max_results.is_some() || input.next_token.is_some() {
                    return Err(failures::invalid("SecretIdList has 1 to 20 elements and no pages."));
                }
                for mut id in ids {
                    id.resolve(call).await?;
                    output.take(id.given(), read(call, &id).await);
                }
            }
            (None, Some(filters)) => {
                let limit = match input.max_results {
                    None => MOST,
                    Some(limit) => usize::try_from(limit)
                        .ok()
                        .filter(|limit| (1..=MOST).contains(limit))
                        .ok_or_else(|| failures::invalid("MaxResults is between 1 and 20."))?,
                };
                let list = List::new(call, &format!("{} {filters:?}", Self::NAME));
                let after = list.open(input.next_token.as_deref(), failures::bad_token)?;
                let wanted = Wanted { filters: Filters::read(Some(filters))?, descending: false, deleted: false };
                let (rows, last) = secrets::list(call, &wanted, after, limit).await?;
                output.next_token = last.map(|last| list.seal(&last)).transpose()?;
                for row in rows {
                    let mut id = SecretId::from(names::arn(&row).to_string());
                    id.resolve(call).await?;
                    output.take(id.given(), read(call, &id).await);
                }
            }
            _ => {
                return Err(failures::invalid("You must include Filters or SecretIdList, but not both."));
            }
        }
        Ok(output)
    }
}

/// The most secrets of an answer.
const MOST: usize = 20;

/// Why a secret could not be read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Failure {
    secret_id: String,
    error_code: &'static str,
    message: String,
}

impl Output {
    fn take(&mut self, given: &str, outcome: Result<SecretValue, Error>) {
        match outcome {
            Ok(value) => self.secret_values.push(value),
            Err(error) => {
                let (error_code, message) = error.told();
                self.errors.push(Failure { secret_id: given.to_owned(), error_code, message });
            }
        }
    }
}

async fn read(call: &Call, id: &SecretId) -> Result<SecretValue, Error> {
    let need = id.need(call, "secretsmanager:GetSecretValue")?;
    authz::authorize_needs(&call.ctx, &[need]).await?;
    versions::get(call, id.found()?, None, None).await.map(SecretValue::of)
}
