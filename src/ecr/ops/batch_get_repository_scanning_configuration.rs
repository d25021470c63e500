//! `BatchGetRepositoryScanningConfiguration`: how the images of some repositories are to be scanned.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetRepositoryScanningConfiguration.html>

use app::api::Call;
use app::registry::scanning::{self, RepositoryScanning, ScanningFilter};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::{Arn, RepoName};

use crate::error::Error;
use crate::shapes::paging;
use crate::shapes::target::repository_name;

/// The operation.
pub(crate) struct BatchGetRepositoryScanningConfiguration;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    repository_names: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    scanning_configurations: Vec<ScanningConfiguration>,
    failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScanningConfiguration {
    repository_arn: String,
    repository_name: String,
    scan_on_push: bool,
    scan_frequency: &'static str,
    applied_scan_filters: Vec<ScanningFilter>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    repository_name: String,
    failure_code: &'static str,
    failure_reason: &'static str,
}

impl Operation for BatchGetRepositoryScanningConfiguration {
    type Call = Call;
    const NAME: &'static str = "BatchGetRepositoryScanningConfiguration";
    const ACTION: &'static str = Action::BatchGetRepositoryScanningConfiguration.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = |name| Need::new(Self::ACTION, Resource::Repository(call.ctx.registry.clone(), name));
        Ok(names(input)?.into_iter().map(need).collect())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let names = names(&input)?;
        let (found, absent) = scanning::of_repositories(&call.ctx, grant, &names).await?;
        let configuration = |found: RepositoryScanning| ScanningConfiguration {
            repository_arn: Arn::repository(&call.ctx.registry, &found.name).to_string(),
            repository_name: found.name.to_string(),
            scan_on_push: found.scan_on_push,
            scan_frequency: found.scan_frequency,
            applied_scan_filters: found.applied.into_iter().collect(),
        };
        let failure = |name: RepoName| Failure {
            repository_name: name.to_string(),
            failure_code: "REPOSITORY_NOT_FOUND",
            failure_reason: "REPOSITORY_NOT_FOUND",
        };
        Ok(Output {
            scanning_configurations: found.into_iter().map(configuration).collect(),
            failures: absent.into_iter().map(failure).collect(),
        })
    }
}

fn names(input: &Input) -> Result<Vec<RepoName>, Error> {
    paging::length("repositoryNames", &input.repository_names, 25)?;
    input.repository_names.iter().map(|name| repository_name("repositoryNames", name)).collect()
}
