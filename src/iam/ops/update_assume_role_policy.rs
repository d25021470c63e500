//! `UpdateAssumeRolePolicy`: changes who may assume a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, roles};

/// The operation.
pub(crate) struct UpdateAssumeRolePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    policy_document: String,
}

impl Operation for UpdateAssumeRolePolicy {
    type Call = Call;
    const NAME: &'static str = "UpdateAssumeRolePolicy";
    const ACTION: &'static str = "iam:UpdateAssumeRolePolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).document("policyDocument", &input.policy_document).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        roles::set_trust_policy(call, role, input.policy_document).await
    }
}
