//! `DeleteCluster`: deletes a cluster in which nothing is left.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::clusters::{self, Counts};
use crate::error::{Error, Result};
use crate::shapes::cluster::{Cluster, Include};

/// The operation.
pub(crate) struct DeleteCluster;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    cluster: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    cluster: Cluster,
}

impl Operation for DeleteCluster {
    type Call = Call;
    const NAME: &'static str = "DeleteCluster";
    const ACTION: &'static str = "ecs:DeleteCluster";
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
        let cluster = clusters::delete(call, name).await?;
        Ok(Output { cluster: Cluster::new(cluster, Counts::default(), Vec::new(), Include::ALL) })
    }
}
