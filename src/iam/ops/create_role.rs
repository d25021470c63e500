//! `CreateRole`: makes a role.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::Role;
use crate::tags::Tag;
use crate::{entities, policy_arns, roles, tags};

/// The operation.
pub(crate) struct CreateRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_name: String,
    path: Option<String>,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: Option<i64>,
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    role: Role,
}

impl Operation for CreateRole {
    type Call = Call;
    const NAME: &'static str = "CreateRole";
    const ACTION: &'static str = "iam:CreateRole";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .role_name(&input.role_name)
            .path("path", input.path.as_deref())
            .document("assumeRolePolicyDocument", &input.assume_role_policy_document)
            .role_description(input.description.as_deref())
            .range("maxSessionDuration", input.max_session_duration, 3600, 43_200)
            .finish()?;
        tags::check(&input.tags)?;
        let on = |action| entities::need_below(call, action, EntityKind::Role, input.path.as_deref(), &input.role_name);
        let mut need = tags::with_request_tags(on(Self::ACTION), &input.tags);
        if let Some(arn) = &input.permissions_boundary {
            policy_arns::parse(arn)?;
            need = need.with("iam:PermissionsBoundary", [arn.clone()]);
        }
        let mut needs = vec![need];
        if !input.tags.is_empty() {
            needs.push(tags::with_request_tags(on("iam:TagRole"), &input.tags));
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let new = roles::New {
            name: input.role_name,
            path: input.path.unwrap_or_else(|| "/".to_owned()),
            trust_policy: input.assume_role_policy_document,
            description: input.description,
            max_session_duration: input.max_session_duration.unwrap_or(roles::DEFAULT_SESSION_DURATION),
            boundary_arn: input.permissions_boundary,
            tags: input.tags.clone(),
        };
        let row = roles::create(call, grant, new).await?;
        Ok(Output { role: Role::created(row, input.tags) })
    }
}
