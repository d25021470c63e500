//! `DescribeClusters`: what is known of up to 100 clusters.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::clusters;
use crate::error::{Error, Result};
use crate::shapes::cluster::{Cluster, Include};
use crate::shapes::failure::Failure;
use crate::tags;

/// How many one call may name.
const MOST: usize = 100;

/// The operation.
pub(crate) struct DescribeClusters;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    #[serde(default)]
    clusters: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    clusters: Vec<Cluster>,
    failures: Vec<Failure>,
}

impl Input {
    /// What is asked for: the default cluster if nothing is named.
    fn wanted(&self) -> Vec<&str> {
        if self.clusters.is_empty() {
            return vec![arns::DEFAULT_CLUSTER];
        }
        self.clusters.iter().map(String::as_str).collect()
    }
}

impl Operation for DescribeClusters {
    type Call = Call;
    const NAME: &'static str = "DescribeClusters";
    const ACTION: &'static str = "ecs:DescribeClusters";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let wanted = input.wanted();
        if wanted.len() > MOST {
            return Err(Error::InvalidParameter(format!("Clusters can not have more than {MOST} elements.")));
        }
        // Who names another account's cluster is told that it is missing.
        let named = wanted.into_iter().filter_map(|given| clusters::arn(call, Some(given)).ok());
        let needs: Vec<Need> =
            named.map(|arn| Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))).collect();
        if needs.is_empty() {
            return Ok(vec![Need::new(Self::ACTION, Resource::Any)]);
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let includes = |what: &str| input.include.iter().any(|include| include == what);
        let include = Include { configurations: includes("CONFIGURATIONS"), settings: includes("SETTINGS") };
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for given in input.wanted() {
            let named = arns::cluster_name(registry, Some(given));
            let row = match named {
                Ok(name) => store::clusters::find(&mut conn, registry, name).await?,
                Err(_) => None,
            };
            let Some(row) = row else {
                failures.push(Failure::missing(match named {
                    Ok(name) => arns::arn(registry, &clusters::resource(name)).to_string(),
                    Err(_) => given.to_owned(),
                }));
                continue;
            };
            let cluster = clusters::Cluster::read(row);
            let counts = clusters::count(&mut conn, &cluster.row.cluster_id).await?;
            let tags =
                if includes("TAGS") { tags::list(&mut conn, registry, &cluster.resource()).await? } else { Vec::new() };
            let statistics = if includes("STATISTICS") {
                clusters::statistics(&mut conn, &cluster.row.cluster_id).await?
            } else {
                Vec::new()
            };
            found.push(Cluster::new(cluster, counts, tags, include).with_statistics(statistics));
        }
        Ok(Output { clusters: found, failures })
    }
}
