//! `DeleteRepository`: a repository goes, by `force` with its images.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html>

use app::api::Call;
use app::{Action, Grant, repositories};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::repository::Repository;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct DeleteRepository;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    #[serde(default)]
    force: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    repository: Repository,
}

impl Operation for DeleteRepository {
    type Call = Call;
    const NAME: &'static str = "DeleteRepository";
    const ACTION: &'static str = Action::DeleteRepository.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::DeleteRepository)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let row = repositories::delete(&call.ctx, &target.permit(grant), input.force).await?;
        Ok(Output { repository: Repository::new(call, &row) })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
