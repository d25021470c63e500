//! `CreateGroup`: makes a group.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::Group;
use crate::{entities, groups};

/// The operation.
pub(crate) struct CreateGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    group_name: String,
    path: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    group: Group,
}

impl Operation for CreateGroup {
    type Call = Call;
    const NAME: &'static str = "CreateGroup";
    const ACTION: &'static str = "iam:CreateGroup";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().group_name(&input.group_name).path("path", input.path.as_deref()).finish()?;
        Ok(vec![entities::need_below(call, Self::ACTION, EntityKind::Group, input.path.as_deref(), &input.group_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let path = input.path.as_deref().unwrap_or("/");
        Ok(Output { group: groups::create(call, grant, &input.group_name, path).await?.into() })
    }
}
