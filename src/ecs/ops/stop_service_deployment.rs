//! `StopServiceDeployment`: has a deployment that is under way rolled back.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::services::{deployments, rollback};

/// The operation.
pub(crate) struct StopServiceDeployment;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    service_deployment_arn: String,
    stop_type: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    service_deployment_arn: String,
}

impl Operation for StopServiceDeployment {
    type Call = Call;
    const NAME: &'static str = "StopServiceDeployment";
    const ACTION: &'static str = "ecs:StopServiceDeployment";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let arns = std::slice::from_ref(&input.service_deployment_arn);
        deployments::needs(call, Self::ACTION, "service-deployment", arns)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        match input.stop_type.as_deref() {
            None | Some("ROLLBACK") => {}
            // AWS documents ROLLBACK as the only value.
            Some("ABORT") => {
                return Err(Error::Unsupported("The stop type ABORT is not supported. Use ROLLBACK.".to_owned()));
            }
            Some(_) => {
                return Err(Error::InvalidParameter("Invalid stop type. The valid value is ROLLBACK.".to_owned()));
            }
        }
        rollback::request(call, grant, input.service_deployment_arn.clone()).await?;
        Ok(Output { service_deployment_arn: input.service_deployment_arn })
    }
}
