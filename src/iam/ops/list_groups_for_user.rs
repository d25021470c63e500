//! `ListGroupsForUser`: the groups that a user is in, by name.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::shapes::Group;
use crate::{entities, groups};

/// The operation.
pub(crate) struct ListGroupsForUser;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    groups: Vec<Group>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListGroupsForUser {
    type Call = Call;
    const NAME: &'static str = "ListGroupsForUser";
    const ACTION: &'static str = "iam:ListGroupsForUser";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().user_name(&input.user_name).max_items(input.max_items).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::User, &input.user_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        let paging = Paging::read(call, Self::NAME, &[&user.id], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = groups::list_of_user(call, &user, paging).await?;
        Ok(Output { groups: items.into_iter().map(Group::from).collect(), is_truncated, marker })
    }
}
