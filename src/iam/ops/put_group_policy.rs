//! `PutGroupPolicy`: sets an inline policy of a group.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutGroupPolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, inline_policies};

/// The operation.
pub(crate) struct PutGroupPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    group_name: String,
    policy_name: String,
    policy_document: String,
}

impl Operation for PutGroupPolicy {
    type Call = Call;
    const NAME: &'static str = "PutGroupPolicy";
    const ACTION: &'static str = "iam:PutGroupPolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .group_name(&input.group_name)
            .policy_name(&input.policy_name)
            .document("policyDocument", &input.policy_document)
            .finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Group, &input.group_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = entities::find::<Self>(call, grant, &input, EntityKind::Group, &input.group_name).await?;
        inline_policies::put(call, group, input.policy_name, input.policy_document).await
    }
}
