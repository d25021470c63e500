//! `DescribeServiceDeployments`: how up to twenty deployments went, or go.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::services::deployments;
use crate::shapes::failure::Failure;
use crate::shapes::service_deployment::ServiceDeployment;

/// The operation.
pub(crate) struct DescribeServiceDeployments;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    service_deployment_arns: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    service_deployments: Vec<ServiceDeployment>,
    failures: Vec<Failure>,
}

impl Operation for DescribeServiceDeployments {
    type Call = Call;
    const NAME: &'static str = "DescribeServiceDeployments";
    const ACTION: &'static str = "ecs:DescribeServiceDeployments";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        deployments::needs(call, Self::ACTION, "service-deployment", &input.service_deployment_arns)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let mut conn = call.ctx.app.db().reader().await?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in input.service_deployment_arns {
            match deployments::find(&mut conn, &call.ctx.registry, "service-deployment", &arn).await? {
                Some((cluster, service, deployment)) => {
                    found.push(ServiceDeployment::read(&mut conn, &cluster, &service, deployment).await?);
                }
                None => failures.push(Failure::missing(arn)),
            }
        }
        Ok(Output { service_deployments: found, failures })
    }
}
