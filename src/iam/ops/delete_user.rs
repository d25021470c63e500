//! `DeleteUser`: removes a user to whom nothing belongs any more.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, users};

/// The operation.
pub(crate) struct DeleteUser;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
}

impl Operation for DeleteUser {
    type Call = Call;
    const NAME: &'static str = "DeleteUser";
    const ACTION: &'static str = "iam:DeleteUser";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().user_name(&input.user_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::User, &input.user_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        users::delete(call, user).await
    }
}
