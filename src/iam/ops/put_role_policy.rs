//! `PutRolePolicy`: sets an inline policy of a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, inline_policies};

/// The operation.
pub(crate) struct PutRolePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

impl Operation for PutRolePolicy {
    type Call = Call;
    const NAME: &'static str = "PutRolePolicy";
    const ACTION: &'static str = "iam:PutRolePolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .role_name(&input.role_name)
            .policy_name(&input.policy_name)
            .document("policyDocument", &input.policy_document)
            .finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        inline_policies::put(call, role, input.policy_name, input.policy_document).await
    }
}
