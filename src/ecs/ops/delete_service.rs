//! `DeleteService`: ends a service and its tasks.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::services::{self, delete};
use crate::shapes::service::Service;

/// The operation.
pub(crate) struct DeleteService;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    cluster: Option<String>,
    service: String,
    force: Option<bool>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    service: Service,
}

impl Operation for DeleteService {
    type Call = Call;
    const NAME: &'static str = "DeleteService";
    const ACTION: &'static str = "ecs:DeleteService";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![services::need(call, Self::ACTION, input.cluster.as_deref(), &input.service)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let force = input.force.unwrap_or(false);
        Ok(Output { service: delete::delete(call, grant, input.cluster, input.service, force).await? })
    }
}
