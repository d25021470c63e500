//! `GetUserPolicy`: an inline policy of a user.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUserPolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::{documents, entities, inline_policies};

/// The operation.
pub(crate) struct GetUserPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    policy_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    user_name: String,
    policy_name: String,
    policy_document: String,
}

impl Operation for GetUserPolicy {
    type Call = Call;
    const NAME: &'static str = "GetUserPolicy";
    const ACTION: &'static str = "iam:GetUserPolicy";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().user_name(&input.user_name).policy_name(&input.policy_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::User, &input.user_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        let document = inline_policies::get(call, &user, &input.policy_name).await?;
        Ok(Output {
            user_name: input.user_name,
            policy_name: input.policy_name,
            policy_document: documents::encoded(&document),
        })
    }
}
