//! `ListUsers`: the users of the account, by name.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::shapes::User;
use crate::{entities, users};

/// The operation.
pub(crate) struct ListUsers;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    path_prefix: Option<String>,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    users: Vec<User>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListUsers {
    type Call = Call;
    const NAME: &'static str = "ListUsers";
    const ACTION: &'static str = "iam:ListUsers";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().path_prefix(input.path_prefix.as_deref()).max_items(input.max_items).finish()?;
        Ok(vec![entities::need_below(call, Self::ACTION, EntityKind::User, input.path_prefix.as_deref(), "")])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let paging = Paging::read(call, Self::NAME, &[prefix], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = users::list(call, grant, prefix, paging).await?;
        Ok(Output { users: items.into_iter().map(User::brief).collect(), is_truncated, marker })
    }
}
