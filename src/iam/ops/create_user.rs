//! `CreateUser`: makes a user.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::User;
use crate::tags::Tag;
use crate::{entities, policy_arns, tags, users};

/// The operation.
pub(crate) struct CreateUser;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: String,
    path: Option<String>,
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    user: User,
}

impl Operation for CreateUser {
    type Call = Call;
    const NAME: &'static str = "CreateUser";
    const ACTION: &'static str = "iam:CreateUser";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().new_user_name("userName", &input.user_name).path("path", input.path.as_deref()).finish()?;
        tags::check(&input.tags)?;
        let on = |action| entities::need_below(call, action, EntityKind::User, input.path.as_deref(), &input.user_name);
        let mut need = tags::with_request_tags(on(Self::ACTION), &input.tags);
        if let Some(arn) = &input.permissions_boundary {
            policy_arns::parse(arn)?;
            need = need.with("iam:PermissionsBoundary", [arn.clone()]);
        }
        let mut needs = vec![need];
        if !input.tags.is_empty() {
            needs.push(tags::with_request_tags(on("iam:TagUser"), &input.tags));
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let new = users::New {
            name: input.user_name,
            path: input.path.unwrap_or_else(|| "/".to_owned()),
            boundary_arn: input.permissions_boundary,
            tags: input.tags.clone(),
        };
        let row = users::create(call, grant, new).await?;
        Ok(Output { user: User::full(row, input.tags) })
    }
}
