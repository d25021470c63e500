//! `TagUser`: sets tags of a user.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::tags::Tag;
use crate::{entities, tags};

/// The operation.
pub(crate) struct TagUser;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    tags: Vec<Tag>,
}

impl Operation for TagUser {
    type Call = Call;
    const NAME: &'static str = "TagUser";
    const ACTION: &'static str = "iam:TagUser";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().user_name(&input.user_name).finish()?;
        tags::check(&input.tags)?;
        let need = entities::need(call, Self::ACTION, EntityKind::User, &input.user_name);
        Ok(vec![tags::with_request_tags(need, &input.tags)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        tags::tag(call, user, input.tags).await
    }
}
