//! `GetGroupPolicy`: an inline policy of a group.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroupPolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::{documents, entities, inline_policies};

/// The operation.
pub(crate) struct GetGroupPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    group_name: String,
    policy_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    group_name: String,
    policy_name: String,
    policy_document: String,
}

impl Operation for GetGroupPolicy {
    type Call = Call;
    const NAME: &'static str = "GetGroupPolicy";
    const ACTION: &'static str = "iam:GetGroupPolicy";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().group_name(&input.group_name).policy_name(&input.policy_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Group, &input.group_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let group = entities::find::<Self>(call, grant, &input, EntityKind::Group, &input.group_name).await?;
        let document = inline_policies::get(call, &group, &input.policy_name).await?;
        Ok(Output {
            group_name: input.group_name,
            policy_name: input.policy_name,
            policy_document: documents::encoded(&document),
        })
    }
}
