//! `GetRole`: what is known of a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::Role;
use crate::{entities, roles, tags};

/// The operation.
pub(crate) struct GetRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    role: Role,
}

impl Operation for GetRole {
    type Call = Call;
    const NAME: &'static str = "GetRole";
    const ACTION: &'static str = "iam:GetRole";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let row = roles::find::<Self>(call, grant, &input, &input.role_name).await?;
        let tags = tags::of(&mut call.ctx.app.db().reader().await?, &row.role_id).await?;
        Ok(Output { role: Role::full(row, tags) })
    }
}
