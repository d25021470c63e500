//! `AttachRolePolicy`: attaches a managed policy to a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{attachments, entities, policy_arns};

/// The operation.
pub(crate) struct AttachRolePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    policy_arn: String,
}

impl Operation for AttachRolePolicy {
    type Call = Call;
    const NAME: &'static str = "AttachRolePolicy";
    const ACTION: &'static str = "iam:AttachRolePolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).arn("policyArn", &input.policy_arn).finish()?;
        policy_arns::parse(&input.policy_arn)?;
        let need = entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name);
        Ok(vec![need.with("iam:PolicyARN", [input.policy_arn.clone()])])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        attachments::attach(call, role, input.policy_arn).await
    }
}
