//! `StartLifecyclePolicyPreview`: finds out what a lifecycle policy would do to a repository, without doing it.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartLifecyclePolicyPreview.html>
//!
//! It is found out in the background; `GetLifecyclePolicyPreview` tells how far it is.

use app::api::Call;
use app::lifecycle::preview::{self, PreviewStatus};
use app::{Action, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct StartLifecyclePolicyPreview;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    lifecycle_policy_text: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    lifecycle_policy_text: String,
    status: &'static str,
}

impl Operation for StartLifecyclePolicyPreview {
    type Call = Call;
    const NAME: &'static str = "StartLifecyclePolicyPreview";
    const ACTION: &'static str = Action::StartLifecyclePolicyPreview.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::StartLifecyclePolicyPreview)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let permit = target.permit(grant);
        let text = preview::start(&call.ctx, &permit, input.lifecycle_policy_text.as_deref()).await?;
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            lifecycle_policy_text: text,
            status: PreviewStatus::InProgress.as_str(),
        })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
