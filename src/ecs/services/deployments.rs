//! Deployments of services: what their rows say. ECS shows each in three ways: in `deployments` of its service while it has
//! tasks, as a service deployment, and as a service revision. They have one id here, 19 digits.

use app::api::Call;
use aws::{Need, Resource};
use serde::{Deserialize, Serialize};
use store::service_deployments::ServiceDeploymentRow;
use store::{Conn, service_deployments};
use types::{Arn, RegistryId, Timestamp};

use super::Service;
use super::configuration::Configuration;
use super::revision::Revision;
use crate::arns;
use crate::clusters::{self, Cluster, written};
use crate::error::{Error, Result};

/// How many of a service are kept.
const KEPT: usize = 100;

/// What a row keeps of a deployment beside its state. Times are microseconds since 1970.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Document {
    pub(crate) revision: Revision,
    /// The configuration at its beginning.
    pub(crate) configuration: Configuration,
    /// Whether its task definition checks the health of an essential container.
    pub(crate) checks_health: bool,
    /// What the tags of its images meant when its first task was started. None: there was none yet.
    pub(crate) container_images: Option<Vec<ContainerImage>>,
    pub(crate) failures: u64,
    pub(crate) failed_tasks: u64,
    pub(crate) failed_starts: u32,
    pub(crate) failed_at: Option<i64>,
    pub(crate) retry_at: Option<i64>,
    pub(crate) unplaceable: bool,
    /// Why no host took its last task, as events say it.
    pub(crate) unplaceable_reason: String,
    pub(crate) rollout_reason: String,
    /// The deployment that failed, and instead of which the service went back to this one.
    pub(crate) instead_of: Option<String>,
    pub(crate) rollback_requested: bool,
    /// The deployments that had tasks when it began.
    pub(crate) sources: Vec<String>,
    pub(crate) outcome_reason: Option<String>,
    pub(crate) updated_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) finished_at: Option<i64>,
    pub(crate) stopped_at: Option<i64>,
    pub(crate) rollback: Option<Rollback>,
}

/// An image of a container, and what its tag meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerImage {
    pub(crate) container_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_digest: Option<String>,
    pub(crate) image: String,
}

/// That the service went back to another deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rollback {
    pub(crate) reason: String,
    pub(crate) started_at: i64,
    /// The other deployment.
    pub(crate) to: String,
}

/// A deployment with what its document says.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    pub(crate) row: ServiceDeploymentRow,
    pub(crate) document: Document,
}

impl Deployment {
    /// From its row.
    pub(crate) fn read(row: ServiceDeploymentRow) -> Self {
        // It was written here.
        let document = serde_json::from_str(&row.document).unwrap_or_default();
        Self { row, document }
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.row.status == "PRIMARY"
    }

    /// `ecs-svc/N`
    pub(crate) fn name(&self) -> String {
        name(&self.row.deployment_id)
    }

    /// Writes what became of it.
    pub(crate) async fn save(&mut self, conn: &mut Conn, now: Timestamp) -> Result<()> {
        self.document.updated_at = now.micros();
        self.row.document = written(&self.document)?;
        service_deployments::update(conn, &self.row).await?;
        Ok(())
    }

    /// That it is under way.
    pub(crate) fn begin(&mut self) {
        "PRIMARY".clone_into(&mut self.row.status);
        "IN_PROGRESS".clone_into(&mut self.row.rollout);
        self.document.rollout_reason = format!("ECS deployment {} in progress.", self.name());
    }

    /// That it came to its end, whichever.
    pub(crate) fn finish(&mut self, outcome: &str, reason: Option<&str>, now: Timestamp) {
        outcome.clone_into(&mut self.row.outcome);
        self.document.outcome_reason = reason.map(str::to_owned);
        self.document.finished_at = Some(now.micros());
        if outcome == "STOPPED" {
            self.document.stopped_at = Some(now.micros());
        }
    }

    /// Whether its end is still open.
    pub(crate) fn is_open(&self) -> bool {
        self.document.finished_at.is_none()
    }
}

/// `ecs-svc/N`, as events, tasks and `deployments` have it.
pub(crate) fn name(deployment_id: &str) -> String {
    format!("ecs-svc/{deployment_id}")
}

/// 19 digits, as ECS has them, from a UUID.
pub(crate) fn new_id(uuid: &str) -> String {
    let bits = uuid.bytes().filter(u8::is_ascii_hexdigit).fold(0_u128, |number, digit| {
        number.wrapping_mul(16) + u128::from(char::from(digit).to_digit(16).unwrap_or_default())
    });
    (1_000_000_000_000_000_000 + bits % 8_000_000_000_000_000_000).to_string()
}

/// The ARN of a service deployment.
pub(crate) fn arn(registry: &RegistryId, cluster: &str, service: &str, id: &str) -> Arn {
    arns::arn(registry, &format!("service-deployment/{cluster}/{service}/{id}"))
}

/// The ARN of a service revision.
pub(crate) fn revision_arn(registry: &RegistryId, cluster: &str, service: &str, id: &str) -> Arn {
    arns::arn(registry, &format!("service-revision/{cluster}/{service}/{id}"))
}

/// Cluster, service and id of what an ARN of that kind names.
pub(crate) fn parse<'t>(registry: &RegistryId, kind: &str, arn: &'t str) -> Option<(&'t str, &'t str, &'t str)> {
    let rest = arns::resource(registry, arn)?.strip_prefix(kind)?.strip_prefix('/')?;
    let mut parts = rest.split('/');
    let found = (parts.next()?, parts.next()?, parts.next()?);
    let legal = arns::is_name(found.0) && arns::is_name(found.1) && arns::is_name(found.2);
    (legal && parts.next().is_none()).then_some(found)
}

/// How many one call may name.
const MOST: usize = 20;

/// What an operation on deployments that are named by ARNs needs.
pub(crate) fn needs(call: &Call, action: &'static str, kind: &str, arns: &[String]) -> Result<Vec<Need>> {
    if arns.is_empty() || arns.iter().any(String::is_empty) {
        return Err(Error::InvalidParameter("ARNs cannot be empty.".to_owned()));
    }
    if arns.len() > MOST {
        return Err(Error::InvalidParameter(format!("A request can not have more than {MOST} ARNs.")));
    }
    let registry = &call.ctx.registry;
    let needs = arns.iter().map(|arn| {
        // What is not here is missing, and nothing is said about whose it is.
        let (cluster, service, id) = parse(registry, kind, arn).unwrap_or(("*", "*", "*"));
        let arn = arns::arn(registry, &format!("{kind}/{cluster}/{service}/{id}"));
        let cluster = arns::arn(registry, &clusters::resource(cluster)).to_string();
        Need::new(action, Resource::Arn(call.account().clone(), arn)).with("ecs:cluster", [cluster])
    });
    Ok(needs.collect())
}

/// The deployment that an ARN names, with its cluster and its service.
pub(crate) async fn find(
    conn: &mut Conn,
    registry: &RegistryId,
    kind: &str,
    arn: &str,
) -> Result<Option<(Cluster, Service, Deployment)>> {
    let Some((cluster, service, id)) = parse(registry, kind, arn) else {
        return Ok(None);
    };
    let Some(cluster) = store::clusters::find(conn, registry, cluster).await?.map(Cluster::read) else {
        return Ok(None);
    };
    let Some(service) = store::services::find(conn, &cluster.row.cluster_id, service).await?.map(Service::read) else {
        return Ok(None);
    };
    let row = service_deployments::find(conn, id).await?;
    let row = row.filter(|row| row.service_id == service.row.service_id);
    Ok(row.map(|row| (cluster, service, Deployment::read(row))))
}

/// Puts a new deployment of a service down, which is the primary one from now on. Whoever was it before is replaced.
pub(crate) async fn insert(
    conn: &mut Conn,
    service: &Service,
    id: String,
    revision: Revision,
    checks_health: bool,
    now: Timestamp,
) -> Result<Deployment> {
    let service_id = &service.row.service_id;
    let mut sources = Vec::new();
    for row in service_deployments::list_shown(conn, service_id).await? {
        let mut other = Deployment::read(row);
        sources.push(other.row.deployment_id.clone());
        if other.is_primary() {
            "ACTIVE".clone_into(&mut other.row.status);
            if other.is_open() {
                other.finish("STOPPED", Some("A new service deployment was started."), now);
            }
            close_rollback(conn, &mut other, "ROLLBACK_FAILED", now).await?;
            other.save(conn, now).await?;
        }
    }
    let mut deployment = Deployment {
        row: ServiceDeploymentRow {
            deployment_id: id,
            service_id: service_id.clone(),
            status: String::new(),
            rollout: String::new(),
            outcome: "IN_PROGRESS".to_owned(),
            document: String::new(),
            created_at: now,
            completed_at: None,
        },
        document: Document {
            revision,
            configuration: service.document.deployment_configuration.clone(),
            checks_health,
            sources,
            updated_at: now.micros(),
            started_at: Some(now.micros()),
            ..Document::default()
        },
    };
    deployment.begin();
    deployment.row.document = written(&deployment.document)?;
    service_deployments::insert(conn, &deployment.row).await?;
    let id = &deployment.row.deployment_id;
    let completed = service_deployments::find_completed(conn, service_id, id).await?;
    let completed = completed.map(|row| row.deployment_id).unwrap_or_default();
    service_deployments::delete_old(conn, service_id, KEPT, &completed).await?;
    Ok(deployment)
}

/// How the deployment came out instead of which the service went back to this one.
pub(crate) async fn close_rollback(
    conn: &mut Conn,
    deployment: &mut Deployment,
    outcome: &str,
    now: Timestamp,
) -> Result<()> {
    let Some(failed) = deployment.document.instead_of.take() else {
        return Ok(());
    };
    if let Some(row) = service_deployments::find(conn, &failed).await? {
        let mut failed = Deployment::read(row);
        failed.finish(outcome, failed.document.outcome_reason.clone().as_deref(), now);
        failed.save(conn, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_19_digits() {
        for uuid in ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", ""] {
            let id = new_id(uuid);
            assert_eq!((id.len(), id.bytes().all(|byte| byte.is_ascii_digit())), (19, true), "{id}");
        }
    }

    #[test]
    fn arns_of_deployments_name_cluster_service_and_id() {
        let registry = RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        let arn = arn(&registry, "web", "app", "1234567890123456789").to_string();
        assert_eq!(parse(&registry, "service-deployment", &arn), Some(("web", "app", "1234567890123456789")));
        for bad in ["x", "arn:aws:ecs:us-east-1:000000000000:service-deployment/a/b", &format!("{arn}/x")] {
            assert_eq!(parse(&registry, "service-deployment", bad), None, "{bad}");
        }
        assert_eq!(parse(&registry, "service-revision", &arn), None);
    }
}
