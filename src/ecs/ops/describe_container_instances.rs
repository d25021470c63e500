//! `DescribeContainerInstances`: what is known of up to 100 hosts of a cluster.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::clusters;
use crate::container_instances;
use crate::error::{Error, Result};
use crate::shapes::container_instance::ContainerInstance;
use crate::shapes::failure::Failure;
use crate::tags;

/// How many one call may name.
const MOST: usize = 100;

/// The operation.
pub(crate) struct DescribeContainerInstances;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    container_instances: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    container_instances: Vec<ContainerInstance>,
    failures: Vec<Failure>,
}

impl Operation for DescribeContainerInstances {
    type Call = Call;
    const NAME: &'static str = "DescribeContainerInstances";
    const ACTION: &'static str = "ecs:DescribeContainerInstances";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        if input.container_instances.is_empty() {
            return Err(Error::InvalidParameter("Container instances cannot be empty.".to_owned()));
        }
        if input.container_instances.len() > MOST {
            return Err(Error::InvalidParameter(format!(
                "Container instances can not have more than {MOST} elements."
            )));
        }
        clusters::needs_in(
            call,
            Self::ACTION,
            input.cluster.as_deref(),
            "container-instance",
            &input.container_instances,
        )
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, registry, input.cluster.as_deref()).await?;
        let name = &cluster.row.name;
        let with_tags = input.include.iter().any(|include| include == "TAGS");
        let with_health = input.include.iter().any(|include| include == "CONTAINER_INSTANCE_HEALTH");
        let (mut container_instances, mut failures) = (Vec::new(), Vec::new());
        for given in &input.container_instances {
            let Some(instance) = container_instances::find_any_in(&mut conn, &cluster, given).await? else {
                failures.push(Failure::missing(arns::shown(registry, "container-instance", name, given)));
                continue;
            };
            let id = instance.row.instance_id.clone();
            let counts = container_instances::count(&mut conn, &id).await?;
            let tags = if with_tags {
                tags::list(&mut conn, registry, &container_instances::resource(name, &id)).await?
            } else {
                Vec::new()
            };
            let now = call.ctx.app.now();
            let health = with_health.then(|| instance.document.health.clone());
            let shown = ContainerInstance::new(registry, name, instance, counts, tags, now);
            container_instances.push(match health {
                Some(said) => shown.with_health(&said),
                None => shown,
            });
        }
        Ok(Output { container_instances, failures })
    }
}
