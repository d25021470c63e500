//! `UpdateRoleDescription`: changes the description of a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRoleDescription.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::Role;
use crate::{entities, roles};

/// The operation.
pub(crate) struct UpdateRoleDescription;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    description: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    role: Role,
}

impl Operation for UpdateRoleDescription {
    type Call = Call;
    const NAME: &'static str = "UpdateRoleDescription";
    const ACTION: &'static str = "iam:UpdateRoleDescription";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).role_description(Some(&input.description)).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let role = roles::find::<Self>(call, grant, &input, &input.role_name).await?;
        let row = roles::update(call, role, Some(input.description), None).await?;
        Ok(Output { role: Role::described(row) })
    }
}
