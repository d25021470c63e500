//! `UntagUser`: removes tags of a user.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagUser.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, tags};

/// The operation.
pub(crate) struct UntagUser;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagUser {
    type Call = Call;
    const NAME: &'static str = "UntagUser";
    const ACTION: &'static str = "iam:UntagUser";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().user_name(&input.user_name).finish()?;
        tags::check_keys(&input.tag_keys)?;
        let need = entities::need(call, Self::ACTION, EntityKind::User, &input.user_name);
        Ok(vec![need.with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        tags::untag(call, user, input.tag_keys).await
    }
}
