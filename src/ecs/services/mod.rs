//! Services: so many tasks of a definition are kept running. What is to be done about one is decided in `decide`, from
//! values alone; `reconcile` reads them, does it, and is called again whenever something changes. Making, changing and
//! deleting services is in the files of these names.

mod apply;
mod balance;
pub(crate) mod configuration;
pub(crate) mod create;
mod decide;
pub(crate) mod delete;
mod deploy_on_push;
pub(crate) mod deployments;
mod events;
mod images;
mod load;
mod look;
pub(crate) mod protection;
mod reconcile;
pub(crate) mod revision;
pub(crate) mod rollback;
mod scale_in;
pub mod scaling;
mod target_groups;
pub(crate) mod targets;
pub(crate) mod update;
mod wake;

use std::collections::BTreeMap;

use app::api::Call;
use aws::{Need, Resource};
use serde::{Deserialize, Serialize};
use store::services::ServiceRow;
use store::{Conn, jobs, services};
use types::{Arn, RegistryId, Timestamp};
use uuid::Uuid;

use self::configuration::{Configuration, PlacementConstraint, PlacementStrategy};
use crate::arns;
use crate::clusters::{self, Cluster, written};
use crate::error::{Error, Result};
use crate::task_definitions::{Named, conditions};

pub use self::reconcile::{AT_ONCE, EVERY, JOB, Next, reconcile};
pub(crate) use self::wake::wake_some;
pub use self::wake::{WAKE, wake_cluster};

/// What a row keeps of a service beside what is in its deployments. Members are as on the wire.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Document {
    pub(crate) client_token: Option<String>,
    /// What the request with that token asked for.
    pub(crate) request: Option<String>,
    pub(crate) role_arn: Option<String>,
    pub(crate) deployment_configuration: Configuration,
    pub(crate) placement_constraints: Vec<PlacementConstraint>,
    pub(crate) placement_strategy: Vec<PlacementStrategy>,
    pub(crate) health_check_grace_period_seconds: Option<u64>,
    pub(crate) availability_zone_rebalancing: String,
    pub(crate) enable_managed_tags: bool,
    pub(crate) propagate_tags: String,
    pub(crate) enable_execute_command: bool,
    pub(crate) created_by: String,
    /// The host and port under which the client reached this server: images from there are ours.
    pub(crate) host: String,
    /// When nothing of it was left.
    pub(crate) gone_at: Option<i64>,
    /// Since when what stands is known to readers of events.
    pub(crate) told: BTreeMap<String, i64>,
}

/// A service with what its document says.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) row: ServiceRow,
    pub(crate) document: Document,
}

impl Service {
    /// From its row.
    pub(crate) fn read(row: ServiceRow) -> Self {
        // It was written here. Should it ever be unreadable, the service is still there.
        let document = serde_json::from_str(&row.document).unwrap_or_default();
        Self { row, document }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.row.status == "ACTIVE"
    }

    /// Writes what became of it.
    pub(crate) async fn save(&mut self, conn: &mut Conn) -> Result<()> {
        self.row.document = written(&self.document)?;
        services::update(conn, &self.row).await?;
        Ok(())
    }
}

/// What the ARN of a service ends with.
pub(crate) fn resource(cluster: &str, name: &str) -> String {
    format!("service/{cluster}/{name}")
}

/// The ARN of a service.
pub(crate) fn arn(registry: &RegistryId, cluster: &str, name: &str) -> Arn {
    arns::arn(registry, &resource(cluster, name))
}

/// The name of a service of a cluster that is given by name or ARN.
pub(crate) fn name_in<'t>(registry: &RegistryId, cluster: &str, given: &'t str) -> Result<&'t str> {
    if given.is_empty() {
        return Err(Error::InvalidParameter("Service cannot be empty.".to_owned()));
    }
    arns::in_cluster(registry, "service", cluster, given).ok_or(Error::ServiceNotFound)
}

/// The service that a request names, gone or not.
pub(crate) async fn find_in(conn: &mut Conn, cluster: &Cluster, given: &str) -> Result<Service> {
    let name = name_in(&cluster.row.registry, &cluster.row.name, given)?;
    let found = services::find(conn, &cluster.row.cluster_id, name).await?;
    found.map(Service::read).ok_or(Error::ServiceNotFound)
}

/// Like [`find_in`], held until the end of the transaction. The caller holds the cluster.
pub(crate) async fn lock_in(conn: &mut Conn, cluster: &Cluster, given: &str) -> Result<Service> {
    let found = find_in(conn, cluster, given).await?;
    let locked = services::lock(conn, &found.row.service_id).await?;
    locked.map(Service::read).ok_or(Error::ServiceNotFound)
}

/// Has a service looked at, at a time or sooner. Called in the transaction that changes something about it.
pub(crate) async fn wake(conn: &mut Conn, service_id: &str, at: Timestamp) -> Result<()> {
    jobs::upsert(conn, &Uuid::now_v7().simple().to_string(), JOB, service_id, at).await?;
    Ok(())
}

/// Has all services of a cluster looked at: after its hosts have changed. How many there are does not matter to the caller:
/// they are woken in the background.
pub(crate) async fn wake_all(conn: &mut Conn, cluster_id: &str, at: Timestamp) -> Result<()> {
    jobs::upsert(conn, &Uuid::now_v7().simple().to_string(), WAKE, cluster_id, at).await?;
    Ok(())
}

/// What an operation needs that says which definition the tasks of a service have, and what counts of it.
pub(crate) fn on_definition(call: &Call, need: Need, given: Option<&String>, named: &Named) -> Need {
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        return need;
    };
    let need = conditions::sized(need, named.cpu.as_deref(), named.memory.as_deref());
    match crate::task_definitions::arn_of(&call.ctx.registry, given) {
        Ok(arn) => need.with("ecs:task-definition", [arn.to_string()]),
        // What looks it up refuses it, as one that is not there.
        Err(_) => need,
    }
}

/// What an operation on a service needs.
pub(crate) fn need(call: &Call, action: &'static str, cluster: Option<&str>, given: &str) -> Result<Need> {
    let registry = &call.ctx.registry;
    let cluster_name = arns::cluster_name(registry, cluster)?;
    let name = if given == "*" { given } else { name_in(registry, cluster_name, given)? };
    let resource = Resource::Arn(call.account().clone(), arn(registry, cluster_name, name));
    Ok(Need::new(action, resource).with("ecs:cluster", [clusters::arn(call, cluster)?.to_string()]))
}
