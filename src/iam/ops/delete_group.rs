//! `DeleteGroup`: removes a group that is empty and has no policies.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, groups};

/// The operation.
pub(crate) struct DeleteGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    group_name: String,
}

impl Operation for DeleteGroup {
    type Call = Call;
    const NAME: &'static str = "DeleteGroup";
    const ACTION: &'static str = "iam:DeleteGroup";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().group_name(&input.group_name).finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Group, &input.group_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = entities::find::<Self>(call, grant, &input, EntityKind::Group, &input.group_name).await?;
        groups::delete(call, group).await
    }
}
