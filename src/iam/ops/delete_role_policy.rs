//! `DeleteRolePolicy`: removes an inline policy of a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, inline_policies};

/// The operation.
pub(crate) struct DeleteRolePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    policy_name: String,
}

impl Operation for DeleteRolePolicy {
    type Call = Call;
    const NAME: &'static str = "DeleteRolePolicy";
    const ACTION: &'static str = "iam:DeleteRolePolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).policy_name(&input.policy_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        inline_policies::delete(call, role, input.policy_name).await
    }
}
