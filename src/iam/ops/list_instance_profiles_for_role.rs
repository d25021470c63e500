//! `ListInstanceProfilesForRole`: the instance profiles that a role is in: none, since Wharf has no instances.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfilesForRole.html>
//!
//! Terraform asks for them before it deletes a role. The list is truly empty, so neither marker nor page size matters.

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::entities;
use crate::error::Error;

/// The operation.
pub(crate) struct ListInstanceProfilesForRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    instance_profiles: Vec<String>,
    is_truncated: bool,
}

impl Operation for ListInstanceProfilesForRole {
    type Call = Call;
    const NAME: &'static str = "ListInstanceProfilesForRole";
    const ACTION: &'static str = "iam:ListInstanceProfilesForRole";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).max_items(input.max_items).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        Ok(Output { instance_profiles: Vec::new(), is_truncated: false })
    }
}
