//! `PutLifecyclePolicy`: sets the lifecycle policy of a repository, replacing the one before.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html>
//!
//! The policy is checked and stored, and can be previewed. Nothing expires by it yet.

use app::api::Call;
use app::lifecycle;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::{AccountId, RepoName};

use crate::error::Error;
use crate::parameters::repository;

/// The operation.
pub(crate) struct PutLifecyclePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    lifecycle_policy_text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: AccountId,
    repository_name: RepoName,
    lifecycle_policy_text: String,
}

impl Operation for PutLifecyclePolicy {
    type Call = Call;
    const NAME: &'static str = "PutLifecyclePolicy";
    const ACTION: &'static str = Action::PutLifecyclePolicy.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let (registry, name) = repository(call, input.registry_id.as_deref(), &input.repository_name)?;
        Ok(vec![Need::new(Self::ACTION, Resource::Repository(registry, name))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (registry, name) = repository(call, input.registry_id.as_deref(), &input.repository_name)?;
        let permit = grant.permit(&registry, &name);
        lifecycle::put(&call.ctx, &permit, &input.lifecycle_policy_text).await?;
        Ok(Output {
            registry_id: registry.account,
            repository_name: name,
            lifecycle_policy_text: input.lifecycle_policy_text,
        })
    }
}
