//! `GetLifecyclePolicy`: the lifecycle policy of a repository, as it was sent, and when it was last applied.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetLifecyclePolicy.html>
//!
//! Nothing expires by policies yet, so that is always the epoch, which ECR shows before a first run.

use app::api::Call;
use app::lifecycle;
use app::{Action, Grant};
use aws::{Epoch, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct GetLifecyclePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    lifecycle_policy_text: String,
    last_evaluated_at: Epoch,
}

impl Operation for GetLifecyclePolicy {
    type Call = Call;
    const NAME: &'static str = "GetLifecyclePolicy";
    const ACTION: &'static str = Action::GetLifecyclePolicy.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::GetLifecyclePolicy)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let permit = target.permit(grant);
        let policy = lifecycle::get(&call.ctx, &permit).await?;
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            lifecycle_policy_text: policy.text,
            last_evaluated_at: Epoch(policy.last_evaluated_at),
        })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
