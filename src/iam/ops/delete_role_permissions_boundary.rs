//! `DeleteRolePermissionsBoundary`: lifts the limit of a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePermissionsBoundary.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{boundaries, entities};

/// The operation.
pub(crate) struct DeleteRolePermissionsBoundary;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
}

impl Operation for DeleteRolePermissionsBoundary {
    type Call = Call;
    const NAME: &'static str = "DeleteRolePermissionsBoundary";
    const ACTION: &'static str = "iam:DeleteRolePermissionsBoundary";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        boundaries::delete(call, role).await
    }
}
