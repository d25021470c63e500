//! `DescribeServices`: what is known of up to ten services of a cluster.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::clusters;
use crate::error::{Error, Result};
use crate::services;
use crate::shapes::failure::Failure;
use crate::shapes::service::Service;

/// How many one call may name.
const MOST: usize = 10;

/// The operation.
pub(crate) struct DescribeServices;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    cluster: Option<String>,
    services: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    services: Vec<Service>,
    failures: Vec<Failure>,
}

impl Operation for DescribeServices {
    type Call = Call;
    const NAME: &'static str = "DescribeServices";
    const ACTION: &'static str = "ecs:DescribeServices";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        if input.services.is_empty() {
            return Err(Error::InvalidParameter("Services cannot be empty.".to_owned()));
        }
        if input.services.len() > MOST {
            return Err(Error::InvalidParameter(format!("Services can not have more than {MOST} elements.")));
        }
        // Who names something of another account or cluster is told that it is missing.
        let needs = input.services.iter().map(|given| {
            services::need(call, Self::ACTION, input.cluster.as_deref(), given)
                .or_else(|_| services::need(call, Self::ACTION, input.cluster.as_deref(), "*"))
        });
        needs.collect()
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, registry, input.cluster.as_deref()).await?;
        let with_tags = input.include.iter().any(|include| include == "TAGS");
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for given in &input.services {
            match services::find_in(&mut conn, &cluster, given).await {
                Ok(service) => found.push(Service::read(&mut conn, &cluster, service, with_tags).await?),
                Err(Error::ServiceNotFound | Error::InvalidParameter(_)) => {
                    failures.push(Failure::missing(arns::shown(registry, "service", &cluster.row.name, given)));
                }
                Err(other) => return Err(other),
            }
        }
        Ok(Output { services: found, failures })
    }
}
