//! `DeleteRole`: removes a role that has no policies.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, roles};

/// The operation.
pub(crate) struct DeleteRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
}

impl Operation for DeleteRole {
    type Call = Call;
    const NAME: &'static str = "DeleteRole";
    const ACTION: &'static str = "iam:DeleteRole";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        roles::delete(call, role).await
    }
}
