//! `UpdateGroup`: gives a group another name or path.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html>
//!
//! The caller needs the permission on the ARN before and on the one after.

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, groups};

/// The operation.
pub(crate) struct UpdateGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    group_name: String,
    new_path: Option<String>,
    new_group_name: Option<String>,
}

impl Operation for UpdateGroup {
    type Call = Call;
    const NAME: &'static str = "UpdateGroup";
    const ACTION: &'static str = "iam:UpdateGroup";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let mut checks = Checks::new().group_name(&input.group_name).path("newPath", input.new_path.as_deref());
        if let Some(name) = &input.new_group_name {
            checks = checks.name("newGroupName", name, 128);
        }
        checks.finish()?;
        let own = entities::need(call, Self::ACTION, EntityKind::Group, &input.group_name);
        Ok(entities::needs_of_move(
            call,
            own,
            EntityKind::Group,
            input.new_path.as_deref(),
            input.new_group_name.as_deref(),
        ))
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = groups::find::<Self>(call, grant, &input, &input.group_name).await?;
        groups::rename(call, group, input.new_group_name, input.new_path).await
    }
}
