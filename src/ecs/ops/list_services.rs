//! `ListServices`: the ARNs of the active services of a cluster.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::clusters;
use crate::error::{Error, Result};
use crate::paging::Paging;
use crate::services;

/// The operation.
pub(crate) struct ListServices;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
    launch_type: Option<String>,
    scheduling_strategy: Option<String>,
    resource_management_type: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    service_arns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Input {
    /// The filters, as the rows have them.
    fn filters(&self) -> Result<(&str, &str)> {
        let invalid = |message: &str| Err(Error::InvalidParameter(message.to_owned()));
        let launch_type = match self.launch_type.as_deref() {
            None => "",
            Some(launch_type @ ("EC2" | "FARGATE" | "EXTERNAL" | "MANAGED_INSTANCES")) => launch_type,
            Some(_) => return invalid("Invalid launch type."),
        };
        let strategy = match self.scheduling_strategy.as_deref() {
            None => "",
            Some(strategy @ ("REPLICA" | "DAEMON")) => strategy,
            Some(_) => return invalid("Invalid scheduling strategy. Valid values are REPLICA and DAEMON."),
        };
        Ok((launch_type, strategy))
    }
}

impl Operation for ListServices {
    type Call = Call;
    const NAME: &'static str = "ListServices";
    const ACTION: &'static str = "ecs:ListServices";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let cluster_arn = clusters::arn(call, input.cluster.as_deref())?.to_string();
        Ok(vec![Need::new(Self::ACTION, Resource::Any).with("ecs:cluster", [cluster_arn])])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let (launch_type, strategy) = input.filters()?;
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, registry, input.cluster.as_deref()).await?;
        let (id, name) = (&cluster.row.cluster_id, &cluster.row.name);
        let subject = [name.as_str(), launch_type, strategy];
        let paging = Paging::read(call, Self::NAME, &subject, input.next_token.as_deref(), input.max_results, 10)?;
        // All tasks here are managed by whoever has the service.
        let found = match input.resource_management_type.as_deref() {
            None | Some("CUSTOMER") => {
                store::services::list(&mut conn, id, launch_type, strategy, &paging.after, paging.wanted()).await?
            }
            Some(_) => Vec::new(),
        };
        let (page, next_token) = paging.page(call, found, |row| &row.name)?;
        let service_arns = page.iter().map(|row| services::arn(registry, name, &row.name).to_string()).collect();
        Ok(Output { service_arns, next_token })
    }
}
