//! `ListAttachedUserPolicies`: the managed policies that a user has, by name.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedUserPolicies.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::shapes::AttachedPolicy;
use crate::{attachments, entities};

/// The operation.
pub(crate) struct ListAttachedUserPolicies;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    path_prefix: Option<String>,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    attached_policies: Vec<AttachedPolicy>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListAttachedUserPolicies {
    type Call = Call;
    const NAME: &'static str = "ListAttachedUserPolicies";
    const ACTION: &'static str = "iam:ListAttachedUserPolicies";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .user_name(&input.user_name)
            .path_prefix(input.path_prefix.as_deref())
            .max_items(input.max_items)
            .finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::User, &input.user_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let paging = Paging::read(call, Self::NAME, &[&user.id, prefix], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = attachments::list(call, &user, prefix, paging).await?;
        Ok(Output { attached_policies: items.into_iter().map(AttachedPolicy::new).collect(), is_truncated, marker })
    }
}
