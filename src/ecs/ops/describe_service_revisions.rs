//! `DescribeServiceRevisions`: what the tasks of up to twenty deployments are like, and which images they run.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::services::deployments;
use crate::shapes::failure::Failure;
use crate::shapes::service_deployment::ServiceRevision;

/// The operation.
pub(crate) struct DescribeServiceRevisions;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    service_revision_arns: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    service_revisions: Vec<ServiceRevision>,
    failures: Vec<Failure>,
}

impl Operation for DescribeServiceRevisions {
    type Call = Call;
    const NAME: &'static str = "DescribeServiceRevisions";
    const ACTION: &'static str = "ecs:DescribeServiceRevisions";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        deployments::needs(call, Self::ACTION, "service-revision", &input.service_revision_arns)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let mut conn = call.ctx.app.db().reader().await?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in input.service_revision_arns {
            match deployments::find(&mut conn, &call.ctx.registry, "service-revision", &arn).await? {
                Some((cluster, service, deployment)) => {
                    found.push(ServiceRevision::new(&cluster, &service, deployment))
                }
                None => failures.push(Failure::missing(arn)),
            }
        }
        Ok(Output { service_revisions: found, failures })
    }
}
