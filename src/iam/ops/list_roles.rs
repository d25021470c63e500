//! `ListRoles`: the roles of the account, by name.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::shapes::Role;
use crate::{entities, roles};

/// The operation.
pub(crate) struct ListRoles;

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
    roles: Vec<Role>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListRoles {
    type Call = Call;
    const NAME: &'static str = "ListRoles";
    const ACTION: &'static str = "iam:ListRoles";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().path_prefix(input.path_prefix.as_deref()).max_items(input.max_items).finish()?;
        Ok(vec![entities::need_below(call, Self::ACTION, EntityKind::Role, input.path_prefix.as_deref(), "")])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let paging = Paging::read(call, Self::NAME, &[prefix], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = roles::list(call, grant, prefix, paging).await?;
        Ok(Output { roles: items.into_iter().map(Role::brief).collect(), is_truncated, marker })
    }
}
