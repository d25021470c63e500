//! `TagRole`: sets tags of a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::tags::Tag;
use crate::{entities, tags};

/// The operation.
pub(crate) struct TagRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    tags: Vec<Tag>,
}

impl Operation for TagRole {
    type Call = Call;
    const NAME: &'static str = "TagRole";
    const ACTION: &'static str = "iam:TagRole";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).finish()?;
        tags::check(&input.tags)?;
        let need = entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name);
        Ok(vec![tags::with_request_tags(need, &input.tags)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        tags::tag(call, role, input.tags).await
    }
}
