//! `GetGroup`: a group and its users.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::shapes::{Group, User};
use crate::{entities, groups};

/// The operation.
pub(crate) struct GetGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    group_name: String,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    group: Group,
    users: Vec<User>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for GetGroup {
    type Call = Call;
    const NAME: &'static str = "GetGroup";
    const ACTION: &'static str = "iam:GetGroup";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().group_name(&input.group_name).max_items(input.max_items).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Group, &input.group_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let group = groups::find::<Self>(call, grant, &input, &input.group_name).await?;
        let paging = Paging::read(call, Self::NAME, &[&group.group_id], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = groups::list_users(call, &group, paging).await?;
        let users = items.into_iter().map(User::brief).collect();
        Ok(Output { group: group.into(), users, is_truncated, marker })
    }
}
