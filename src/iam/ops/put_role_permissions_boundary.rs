//! `PutRolePermissionsBoundary`: limits a role by a managed policy.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{boundaries, entities, policy_arns};

/// The operation.
pub(crate) struct PutRolePermissionsBoundary;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    permissions_boundary: String,
}

impl Operation for PutRolePermissionsBoundary {
    type Call = Call;
    const NAME: &'static str = "PutRolePermissionsBoundary";
    const ACTION: &'static str = "iam:PutRolePermissionsBoundary";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).arn("permissionsBoundary", &input.permissions_boundary).finish()?;
        policy_arns::parse(&input.permissions_boundary)?;
        let need = entities::need_of_boundary(
            call,
            Self::ACTION,
            EntityKind::Role,
            &input.role_name,
            &input.permissions_boundary,
        );
        Ok(vec![need])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        boundaries::put(call, role, input.permissions_boundary).await
    }
}
