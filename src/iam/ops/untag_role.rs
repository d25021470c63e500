//! `UntagRole`: removes tags of a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagRole.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{entities, tags};

/// The operation.
pub(crate) struct UntagRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagRole {
    type Call = Call;
    const NAME: &'static str = "UntagRole";
    const ACTION: &'static str = "iam:UntagRole";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().role_name(&input.role_name).finish()?;
        tags::check_keys(&input.tag_keys)?;
        let need = entities::need(call, Self::ACTION, EntityKind::Role, &input.role_name);
        Ok(vec![need.with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let role = entities::find::<Self>(call, grant, &input, EntityKind::Role, &input.role_name).await?;
        tags::untag(call, role, input.tag_keys).await
    }
}
