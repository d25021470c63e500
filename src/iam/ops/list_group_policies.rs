//! `ListGroupPolicies`: the names of the inline policies of a group.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupPolicies.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::{entities, inline_policies};

/// The operation.
pub(crate) struct ListGroupPolicies;

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
    policy_names: Vec<String>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListGroupPolicies {
    type Call = Call;
    const NAME: &'static str = "ListGroupPolicies";
    const ACTION: &'static str = "iam:ListGroupPolicies";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().group_name(&input.group_name).max_items(input.max_items).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Group, &input.group_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let group = entities::find::<Self>(call, grant, &input, EntityKind::Group, &input.group_name).await?;
        let paging = Paging::read(call, Self::NAME, &[&group.id], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = inline_policies::list(call, &group, paging).await?;
        Ok(Output { policy_names: items, is_truncated, marker })
    }
}
