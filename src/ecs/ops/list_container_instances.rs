//! `ListContainerInstances`: the ARNs of the hosts of a cluster. The filter of the cluster query language is not known yet
//! and refused.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListContainerInstances.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::clusters;
use crate::container_instances;
use crate::error::{Error, Result};
use crate::paging::Paging;

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
        if input.filter.as_deref().is_some_and(|filter| !filter.is_empty()) {
            return Err(Error::Unsupported("Lists of container instances cannot be filtered by a query.".to_owned()));
        }
        // Those that come up and go down are never seen: here a host is registered or not.
        let status = match input.status.as_deref() {
            None => "ACTIVE",
            Some(status @ ("ACTIVE" | "DRAINING" | "REGISTERING" | "DEREGISTERING" | "REGISTRATION_FAILED")) => status,
            Some(_) => return Err(Error::InvalidParameter("Invalid status.".to_owned())),
        };
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, registry, input.cluster.as_deref()).await?;
        let name = &cluster.row.name;
        let token = input.next_token.as_deref();
        let paging = Paging::read(call, Self::NAME, &[name, status], token, input.max_results, 100)?;
        let (id, after, wanted) = (&cluster.row.cluster_id, &paging.after, paging.wanted());
        let found = store::container_instances::list(&mut conn, id, status, after, wanted).await?;
        let (page, next_token) = paging.page(call, found, |row| &row.instance_id)?;
        let arns = page.iter().map(|row| container_instances::arn(registry, name, &row.instance_id).to_string());
        Ok(Output { container_instance_arns: arns.collect(), next_token })
    }
}
