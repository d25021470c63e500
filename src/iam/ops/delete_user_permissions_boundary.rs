//! `DeleteUserPermissionsBoundary`: lifts the limit of a user.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPermissionsBoundary.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{boundaries, entities};

/// The operation.
pub(crate) struct DeleteUserPermissionsBoundary;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
}

impl Operation for DeleteUserPermissionsBoundary {
    type Call = Call;
    const NAME: &'static str = "DeleteUserPermissionsBoundary";
    const ACTION: &'static str = "iam:DeleteUserPermissionsBoundary";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().user_name(&input.user_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::User, &input.user_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        boundaries::delete(call, user).await
    }
}
