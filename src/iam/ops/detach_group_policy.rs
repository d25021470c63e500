//! `DetachGroupPolicy`: detaches a managed policy from a group.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachGroupPolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{attachments, entities, policy_arns};

/// The operation.
pub(crate) struct DetachGroupPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    group_name: String,
    policy_arn: String,
}

impl Operation for DetachGroupPolicy {
    type Call = Call;
    const NAME: &'static str = "DetachGroupPolicy";
    const ACTION: &'static str = "iam:DetachGroupPolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().group_name(&input.group_name).arn("policyArn", &input.policy_arn).finish()?;
        policy_arns::parse(&input.policy_arn)?;
        let need = entities::need(call, Self::ACTION, EntityKind::Group, &input.group_name);
        Ok(vec![need.with("iam:PolicyARN", [input.policy_arn.clone()])])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = entities::find::<Self>(call, grant, &input, EntityKind::Group, &input.group_name).await?;
        attachments::detach(call, group, input.policy_arn).await
    }
}
