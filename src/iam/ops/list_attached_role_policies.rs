//! `ListAttachedRolePolicies`: the managed policies that a role has, by name.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedRolePolicies.html>

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
pub(crate) struct ListAttachedRolePolicies;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
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

impl Operation for ListAttachedRolePolicies {
    type Call = Call;
    const NAME: &'static str = "ListAttachedRolePolicies";
    const ACTION: &'static str = "iam:ListAttachedRolePolicies";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .role_name(&input.role_name)
            .path_prefix(input.path_prefix.as_deref())
            .max_items(input.max_items)
            .finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let paging = Paging::read(call, Self::NAME, &[&role.id, prefix], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = attachments::list(call, &role, prefix, paging).await?;
        Ok(Output { attached_policies: items.into_iter().map(AttachedPolicy::new).collect(), is_truncated, marker })
    }
}
