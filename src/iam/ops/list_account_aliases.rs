//! `ListAccountAliases`: the alias of the account, if it has one.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::{aliases, failures};

/// The operation.
pub(crate) struct ListAccountAliases;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    account_aliases: Vec<String>,
    is_truncated: bool,
}

impl Operation for ListAccountAliases {
    type Call = Call;
    const NAME: &'static str = "ListAccountAliases";
    const ACTION: &'static str = "iam:ListAccountAliases";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().max_items(input.max_items).finish()?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        // There is one at most, so there is no second page that a marker could name.
        if input.marker.is_some() {
            return Err(failures::validation("Invalid Marker."));
        }
        Ok(Output { account_aliases: aliases::find(call, grant).await?.into_iter().collect(), is_truncated: false })
    }
}
