//! `GetRepositoryPolicy`: the policy of a repository, as it was sent.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRepositoryPolicy.html>

use app::api::Call;
use app::{Action, Grant, repository_policies};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct GetRepositoryPolicy;

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
    policy_text: String,
}

impl Operation for GetRepositoryPolicy {
    type Call = Call;
    const NAME: &'static str = "GetRepositoryPolicy";
    const ACTION: &'static str = Action::GetRepositoryPolicy.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::GetRepositoryPolicy)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let text = repository_policies::get(&call.ctx, &target.permit(grant)).await?;
        Ok(Output { registry_id: target.registry_id(), repository_name: target.repository_name(), policy_text: text })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
