//! `AttachUserPolicy`: attaches a managed policy to a user.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{attachments, entities, policy_arns};

/// The operation.
pub(crate) struct AttachUserPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    policy_arn: String,
}

impl Operation for AttachUserPolicy {
    type Call = Call;
    const NAME: &'static str = "AttachUserPolicy";
    const ACTION: &'static str = "iam:AttachUserPolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().user_name(&input.user_name).arn("policyArn", &input.policy_arn).finish()?;
        policy_arns::parse(&input.policy_arn)?;
        let need = entities::need(call, Self::ACTION, EntityKind::User, &input.user_name);
        Ok(vec![need.with("iam:PolicyARN", [input.policy_arn.clone()])])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        attachments::attach(call, user, input.policy_arn).await
    }
}
