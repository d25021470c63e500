//! `ListContainerInstances`: the ARNs of the hosts of a cluster, of all that are registered, or of those that have a status
//! or that a query is about.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListContainerInstances.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::clusters;
use crate::container_instances;
use crate::error::{Error, Result};
use crate::paging::Paging;
use crate::placement::query;
use crate::tasks::start::Hosts;

/// The operation.
pub(crate) struct ListContainerInstances;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    filter: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
    status: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    container_instance_arns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListContainerInstances {
    type Call = Call;
    const NAME: &'static str = "ListContainerInstances";
    const ACTION: &'static str = "ecs:ListContainerInstances";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let arn = clusters::arn(call, input.cluster.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let filter = match input.filter.as_deref().filter(|filter| !filter.is_empty()) {
            Some(filter) => Some(query::parse(filter).map_err(|query::Malformed(what)| {
                Error::InvalidParameter(format!("Invalid cluster query language expression: {what}."))
            })?),
            None => None,
        };
        // Those that come up and go down are never seen: here a host is registered or not.
        let statuses = match input.status.as_deref() {
            None => vec!["ACTIVE", "DRAINING"],
            Some(status @ ("ACTIVE" | "DRAINING" | "REGISTERING" | "DEREGISTERING" | "REGISTRATION_FAILED")) => {
                vec![status]
            }
            Some(_) => return Err(Error::InvalidParameter("Invalid status.".to_owned())),
        };
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, registry, input.cluster.as_deref()).await?;
        let name = &cluster.row.name;
        let token = input.next_token.as_deref();
        let text = input.filter.as_deref().unwrap_or_default();
        let paging = Paging::read(call, Self::NAME, &[name, &statuses.join(" "), text], token, input.max_results, 100)?;
        let mut hosts = Hosts::with_status(&mut conn, &cluster, &statuses, call.ctx.app.now()).await?;
        if filter.as_ref().is_some_and(query::Expression::asks_for_tasks) {
            hosts.count_all(&mut conn, &cluster).await?;
        }
        let matching = hosts.all().iter().filter(|host| filter.as_ref().is_none_or(|filter| filter.matches(host)));
        let later = matching.map(|host| host.id.as_str()).filter(|id| *id > paging.after.as_str());
        let found: Vec<&str> = later.take(paging.wanted()).collect();
        let (page, next_token) = paging.page(call, found, |id| id)?;
        let arns = page.iter().map(|id| container_instances::arn(registry, name, id).to_string());
        Ok(Output { container_instance_arns: arns.collect(), next_token })
    }
}
