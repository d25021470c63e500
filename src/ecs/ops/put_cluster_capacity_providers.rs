//! `PutClusterCapacityProviders`: the capacity providers of a cluster and what its tasks get that say nothing.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::capacity_providers;
use crate::clusters::{self, StrategyItem};
use crate::error::{Error, Result};
use crate::shapes::cluster::Cluster;

/// The operation.
pub(crate) struct PutClusterCapacityProviders;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: String,
    capacity_providers: Vec<String>,
    default_capacity_provider_strategy: Vec<StrategyItem>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    cluster: Cluster,
}

impl Operation for PutClusterCapacityProviders {
    type Call = Call;
    const NAME: &'static str = "PutClusterCapacityProviders";
    const ACTION: &'static str = "ecs:PutClusterCapacityProviders";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let arn = clusters::arn(call, Some(&input.cluster))?;
        let need = Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn));
        let strategy = capacity_providers::names(&input.default_capacity_provider_strategy);
        let named = input.capacity_providers.iter().chain(strategy);
        Ok(vec![capacity_providers::judged_by(&call.ctx.registry, need, named)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let name = arns::cluster_name(&call.ctx.registry, Some(&input.cluster))?;
        let (providers, strategy) = (input.capacity_providers, input.default_capacity_provider_strategy);
        let changed = capacity_providers::put(call, name, providers, strategy);
        Ok(Output { cluster: Cluster::after_change(call, changed.await?).await? })
    }
}
