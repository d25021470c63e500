//! `PutUserPermissionsBoundary`: limits a user by a managed policy.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{boundaries, entities, policy_arns};

/// The operation.
pub(crate) struct PutUserPermissionsBoundary;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    permissions_boundary: String,
}

impl Operation for PutUserPermissionsBoundary {
    type Call = Call;
    const NAME: &'static str = "PutUserPermissionsBoundary";
    const ACTION: &'static str = "iam:PutUserPermissionsBoundary";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().user_name(&input.user_name).arn("permissionsBoundary", &input.permissions_boundary).finish()?;
        policy_arns::parse(&input.permissions_boundary)?;
        let need = entities::need_of_boundary(
            call,
            Self::ACTION,
            EntityKind::User,
            &input.user_name,
            &input.permissions_boundary,
        );
        Ok(vec![need])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let user = entities::find::<Self>(call, grant, &input, EntityKind::User, &input.user_name).await?;
        boundaries::put(call, user, input.permissions_boundary).await
    }
}
