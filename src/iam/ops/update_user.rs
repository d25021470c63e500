//! `UpdateUser`: gives a user another name or path.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html>
//!
//! The caller needs the permission on the ARN before and on the one after.

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, users};

/// The operation.
pub(crate) struct UpdateUser;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    new_path: Option<String>,
    new_user_name: Option<String>,
}

impl Operation for UpdateUser {
    type Call = Call;
    const NAME: &'static str = "UpdateUser";
    const ACTION: &'static str = "iam:UpdateUser";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let mut checks = Checks::new().user_name(&input.user_name).path("newPath", input.new_path.as_deref());
        if let Some(name) = &input.new_user_name {
            checks = checks.new_user_name("newUserName", name);
        }
        checks.finish()?;
        let own = entities::need(call, Self::ACTION, EntityKind::User, &input.user_name);
        Ok(entities::needs_of_move(
            call,
            own,
            EntityKind::User,
            input.new_path.as_deref(),
            input.new_user_name.as_deref(),
        ))
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let user = users::find::<Self>(call, grant, &input, &input.user_name).await?;
        users::rename(call, user, input.new_user_name, input.new_path).await
    }
}
