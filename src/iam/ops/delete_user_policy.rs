//! `DeleteUserPolicy`: removes an inline policy of a user.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, inline_policies};

/// The operation.
pub(crate) struct DeleteUserPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    policy_name: String,
}

impl Operation for DeleteUserPolicy {
    type Call = Call;
    const NAME: &'static str = "DeleteUserPolicy";
    const ACTION: &'static str = "iam:DeleteUserPolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().user_name(&input.user_name).policy_name(&input.policy_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::User, &input.user_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        inline_policies::delete(call, user, input.policy_name).await
    }
}
