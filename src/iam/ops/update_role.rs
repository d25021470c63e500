//! `UpdateRole`: changes the description of a role, or how long its sessions may last.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, roles};

/// The operation.
pub(crate) struct UpdateRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    description: Option<String>,
    max_session_duration: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {}

impl Operation for UpdateRole {
    type Call = Call;
    const NAME: &'static str = "UpdateRole";
    const ACTION: &'static str = "iam:UpdateRole";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .role_name(&input.role_name)
            .role_description(input.description.as_deref())
            .range("maxSessionDuration", input.max_session_duration, 3600, 43_200)
            .finish()?;
        Ok(vec![entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let role = roles::find::<Self>(call, grant, &input, &input.role_name).await?;
        roles::update(call, role, input.description, input.max_session_duration).await?;
        Ok(Output {})
    }
}
