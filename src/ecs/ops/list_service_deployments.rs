//! `ListServiceDeployments`: what a service was deployed to, the newest first.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};
use store::service_deployments::{self, Filter};
use types::Timestamp;

use crate::clusters;
use crate::error::{Error, Result};
use crate::paging::Paging;
use crate::services;
use crate::services::deployments::Deployment;
use crate::shapes::service_deployment::Brief;

/// The statuses that a service deployment can have.
const STATUSES: [&str; 9] = [
    "PENDING",
    "SUCCESSFUL",
    "STOPPED",
    "STOP_REQUESTED",
    "IN_PROGRESS",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
];

/// The operation.
pub(crate) struct ListServiceDeployments;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    service: String,
    cluster: Option<String>,
    #[serde(default)]
    status: Vec<String>,
    #[serde(default)]
    created_at: CreatedAt,
    next_token: Option<String>,
    max_results: Option<i64>,
}

/// When they were made, in seconds since 1970.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct CreatedAt {
    before: Option<f64>,
    after: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    service_deployments: Vec<Brief>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

fn time(seconds: Option<f64>, default: i64) -> Timestamp {
    // A number that is too large is the largest.
    Timestamp::from_micros(seconds.map_or(default, |seconds| (seconds * 1e6) as i64))
}

/// A place in the list.
fn key(deployment: &service_deployments::ServiceDeploymentRow) -> String {
    format!("{} {}", deployment.created_at.micros(), deployment.deployment_id)
}

fn place(key: &str) -> Option<(Timestamp, &str)> {
    let (micros, id) = key.split_once(' ')?;
    Some((Timestamp::from_micros(micros.parse().ok()?), id))
}

impl Operation for ListServiceDeployments {
    type Call = Call;
    const NAME: &'static str = "ListServiceDeployments";
    const ACTION: &'static str = "ecs:ListServiceDeployments";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![services::need(call, Self::ACTION, input.cluster.as_deref(), &input.service)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        if input.status.iter().any(|status| !STATUSES.contains(&status.as_str())) {
            return Err(Error::InvalidParameter("Invalid service deployment status.".to_owned()));
        }
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, &call.ctx.registry, input.cluster.as_deref()).await?;
        let service = services::find_in(&mut conn, &cluster, &input.service).await?;
        let CreatedAt { before, after } = input.created_at;
        let (before, after) = (time(before, i64::MAX), time(after, i64::MIN));
        let limits = format!("{} {}", before.micros(), after.micros());
        let subject = [service.row.service_id.as_str(), &input.status.join(","), &limits];
        let token = input.next_token.as_deref();
        let paging = Paging::read(call, Self::NAME, &subject, token, input.max_results, 100)?;
        let from = place(&paging.after).unwrap_or((Timestamp::from_micros(i64::MAX), ""));
        let filter = Filter { outcomes: &input.status, created_after: after, created_before: before };
        let rows = service_deployments::list(&mut conn, &service.row.service_id, filter, from, paging.wanted()).await?;
        let keyed: Vec<_> = rows.into_iter().map(|row| (key(&row), row)).collect();
        let (page, next_token) = paging.page(call, keyed, |(key, _)| key)?;
        let brief = |row| Brief::new(&cluster, &service.row, Deployment::read(row));
        Ok(Output { service_deployments: page.into_iter().map(|(_, row)| brief(row)).collect(), next_token })
    }
}
