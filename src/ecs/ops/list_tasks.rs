//! `ListTasks`: the ARNs of tasks of a cluster.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use store::tasks::Filter;

use crate::arns;
use crate::clusters;
use crate::container_instances;
use crate::error::{Error, Result};
use crate::paging::Paging;
use crate::tasks::{self, RUNNING};

/// The operation.
pub(crate) struct ListTasks;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    container_instance: Option<String>,
    family: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
    started_by: Option<String>,
    service_name: Option<String>,
    desired_status: Option<String>,
    launch_type: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    task_arns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListTasks {
    type Call = Call;
    const NAME: &'static str = "ListTasks";
    const ACTION: &'static str = "ecs:ListTasks";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let cluster_arn = clusters::arn(call, input.cluster.as_deref())?.to_string();
        Ok(vec![Need::new(Self::ACTION, Resource::Any).with("ecs:cluster", [cluster_arn])])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let others = [&input.container_instance, &input.family, &input.service_name];
        if input.started_by.is_some() && others.iter().any(|other| other.is_some()) {
            return Err(Error::InvalidParameter("startedBy must be the only filter.".to_owned()));
        }
        if input.family.as_deref().is_some_and(|family| !family.is_empty() && !arns::is_name(family)) {
            return Err(Error::InvalidParameter("Invalid family.".to_owned()));
        }
        if input.started_by.as_deref().is_some_and(|text| text.contains(char::is_control)) {
            return Err(Error::InvalidParameter("startedBy contains invalid characters.".to_owned()));
        }
        let launch_types = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];
        if input.launch_type.as_deref().is_some_and(|launch_type| !launch_types.contains(&launch_type)) {
            return Err(Error::InvalidParameter("Invalid launch type.".to_owned()));
        }
        // Nothing wants a task to be pending: the filter is legal and matches nothing, as on ECS.
        let desired_status = match input.desired_status.as_deref() {
            None => RUNNING,
            Some(status @ ("RUNNING" | "PENDING" | "STOPPED")) => status,
            Some(_) => return Err(Error::InvalidParameter("Invalid desired status.".to_owned())),
        };
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, registry, input.cluster.as_deref()).await?;
        let (id, name) = (&cluster.row.cluster_id, &cluster.row.name);
        let instance_id = match &input.container_instance {
            Some(given) => Some(container_instances::require(&mut conn, &cluster, given).await?.row.instance_id),
            None => None,
        };
        let group = match &input.service_name {
            Some(given) => {
                let service = arns::in_cluster(registry, "service", name, given).ok_or(Error::ServiceNotFound)?;
                if store::services::find(&mut conn, id, service).await?.is_none() {
                    return Err(Error::ServiceNotFound);
                }
                Some(format!("service:{service}"))
            }
            None => None,
        };
        let filter = Filter {
            desired_status,
            family: input.family.as_deref(),
            group: group.as_deref(),
            instance_id: instance_id.as_deref(),
            started_by: input.started_by.as_deref(),
            launch_type: input.launch_type.as_deref(),
        };
        let wanted = (name, desired_status, &input.family, &group, &instance_id, &input.started_by, &input.launch_type);
        let subject = serde_json::to_string(&wanted).unwrap_or_default();
        let token = input.next_token.as_deref();
        let paging = Paging::read(call, Self::NAME, &[&subject], token, input.max_results, 100)?;
        let found = store::tasks::list(&mut conn, id, filter, &paging.after, paging.wanted()).await?;
        let (page, next_token) = paging.page(call, found, String::as_str)?;
        let task_arns = page.iter().map(|task_id| tasks::arn(registry, name, task_id).to_string()).collect();
        Ok(Output { task_arns, next_token })
    }
}
