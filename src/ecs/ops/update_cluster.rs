//! `UpdateCluster`: changes settings, configuration and the namespace of a cluster.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateCluster.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::arns;
use crate::clusters::{self, Setting};
use crate::error::{Error, Result};
use crate::shapes::cluster::Cluster;

/// The operation.
pub(crate) struct UpdateCluster;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: String,
    settings: Option<Vec<Setting>>,
    configuration: Option<Value>,
    service_connect_defaults: Option<Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    cluster: Cluster,
}

impl Operation for UpdateCluster {
    type Call = Call;
    const NAME: &'static str = "UpdateCluster";
    const ACTION: &'static str = "ecs:UpdateCluster";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let arn = clusters::arn(call, Some(&input.cluster))?;
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let name = arns::cluster_name(&call.ctx.registry, Some(&input.cluster))?.to_owned();
        let Input { settings, configuration, service_connect_defaults, .. } = input;
        if settings.is_none() && configuration.is_none() && service_connect_defaults.is_none() {
            let message = "At least one of settings, configuration and serviceConnectDefaults must be specified.";
            return Err(Error::InvalidParameter(message.to_owned()));
        }
        let changed = clusters::change(call, &name, |document| {
            document.set(settings.unwrap_or_default());
            document.configuration = configuration.or(document.configuration.take());
            document.service_connect_defaults = match service_connect_defaults {
                // An empty name takes it away.
                Some(defaults) if defaults["namespace"] == "" => None,
                Some(defaults) => Some(defaults),
                None => document.service_connect_defaults.take(),
            };
        });
        Ok(Output { cluster: Cluster::after_change(call, changed.await?).await? })
    }
}
