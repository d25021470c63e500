//! `GetUser`: what is known of a user, or of the caller.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::User;
use crate::{entities, tags, users};

/// The operation.
pub(crate) struct GetUser;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    user: User,
}

impl Operation for GetUser {
    type Call = Call;
    const NAME: &'static str = "GetUser";
    const ACTION: &'static str = "iam:GetUser";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let checks = Checks::new();
        match &input.user_name {
            Some(name) => checks.user_name(name).finish()?,
            None => checks.finish()?,
        }
        let name = entities::user_name_or_own(call, input.user_name.as_deref())?;
        Ok(vec![entities::need_of_user_or_root(call, Self::ACTION, name.as_deref())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let Some(name) = entities::user_name_or_own(call, input.user_name.as_deref())? else {
            let mut conn = call.ctx.app.db().reader().await?;
            let created_at = store::accounts::find_created_at(&mut conn, call.account()).await?;
            return Ok(Output { user: User::root(call.account(), created_at.unwrap_or(call.ctx.app.now())) });
        };
        let row = users::find::<Self>(call, grant, &input, &name).await?;
        let tags = tags::of(&mut call.ctx.app.db().reader().await?, &row.user_id).await?;
        Ok(Output { user: User::full(row, tags) })
    }
}
