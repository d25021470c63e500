//! `UpdateClusterSettings`: changes settings of a cluster.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateClusterSettings.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::clusters::{self, Setting};
use crate::error::{Error, Result};
use crate::shapes::cluster::Cluster;

/// The operation.
pub(crate) struct UpdateClusterSettings;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: String,
    settings: Vec<Setting>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    cluster: Cluster,
}

impl Operation for UpdateClusterSettings {
    type Call = Call;
    const NAME: &'static str = "UpdateClusterSettings";
    const ACTION: &'static str = "ecs:UpdateClusterSettings";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let arn = clusters::arn(call, Some(&input.cluster))?;
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let name = arns::cluster_name(&call.ctx.registry, Some(&input.cluster))?;
        let changed = clusters::change(call, name, |document| document.set(input.settings));
        Ok(Output { cluster: Cluster::after_change(call, changed.await?).await? })
    }
}
