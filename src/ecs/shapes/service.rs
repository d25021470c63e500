//! A service as answers show it.

use aws::Epoch;
use serde::Serialize;
use serde_json::Value;
use store::{Conn, service_deployments, service_events, tasks};
use types::{RegistryId, Timestamp};

use crate::arns;
use crate::clusters::{self, Cluster, StrategyItem};
use crate::error::Result;
use crate::services::configuration::{Configuration, PlacementConstraint, PlacementStrategy};
use crate::services::deployments::{self, Deployment as Found};
use crate::services::revision::{LoadBalancer, ServiceRegistry};
use crate::services::{self, arn, resource};
use crate::tags::{self, Tag};
use crate::task_definitions;

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    service_arn: String,
    service_name: String,
    cluster_arn: String,
    load_balancers: Vec<LoadBalancer>,
    service_registries: Vec<ServiceRegistry>,
    status: String,
    desired_count: u64,
    running_count: u64,
    pending_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    launch_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capacity_provider_strategy: Vec<StrategyItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_family: Option<&'static str>,
    task_definition: String,
    deployment_configuration: Configuration,
    deployments: Vec<Deployment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    events: Vec<Event>,
    created_at: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_service_deployment: Option<String>,
    current_service_revisions: Vec<RevisionSummary>,
    placement_constraints: Vec<PlacementConstraint>,
    placement_strategy: Vec<PlacementStrategy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health_check_grace_period_seconds: Option<u64>,
    scheduling_strategy: String,
    deployment_controller: Controller,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
    created_by: String,
    #[serde(rename = "enableECSManagedTags")]
    enable_managed_tags: bool,
    propagate_tags: String,
    enable_execute_command: bool,
    availability_zone_rebalancing: String,
}

#[derive(Debug, Serialize)]
struct Controller {
    r#type: &'static str,
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    id: String,
    status: String,
    task_definition: String,
    desired_count: u64,
    pending_count: u64,
    running_count: u64,
    failed_tasks: u64,
    created_at: Epoch,
    updated_at: Epoch,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capacity_provider_strategy: Vec<StrategyItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    launch_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_family: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_configuration: Option<Value>,
    rollout_state: String,
    rollout_state_reason: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: String,
    created_at: Epoch,
    message: String,
}

/// How many tasks a revision has.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevisionSummary {
    pub(crate) arn: String,
    pub(crate) requested_task_count: u64,
    pub(crate) running_task_count: u64,
    pub(crate) pending_task_count: u64,
}

/// What runs of each deployment, in numbers.
#[derive(Debug, Default)]
pub(crate) struct Counts(Vec<(String, u64, u64)>);

impl Counts {
    pub(crate) async fn read(conn: &mut Conn, service_id: &str) -> Result<Self> {
        Ok(Self(tasks::count_of_service(conn, service_id).await?))
    }

    /// Running and pending tasks of a deployment.
    pub(crate) fn of(&self, deployment: &str) -> (u64, u64) {
        let found = self.0.iter().find(|(of, _, _)| of == deployment);
        found.map(|(_, running, pending)| (*running, *pending)).unwrap_or_default()
    }

    fn all(&self) -> (u64, u64) {
        self.0.iter().fold((0, 0), |sum, (_, running, pending)| (sum.0 + running, sum.1 + pending))
    }
}

impl Service {
    /// Reads what there is to say of a service.
    pub(crate) async fn read(
        conn: &mut Conn,
        cluster: &Cluster,
        service: services::Service,
        with_tags: bool,
    ) -> Result<Self> {
        let (registry, cluster_name) = (&cluster.row.registry, &cluster.row.name);
        let services::Service { row, document } = service;
        let id = &row.service_id;
        let rows = service_deployments::list_shown(conn, id).await?;
        let mut shown: Vec<Found> = rows.into_iter().map(Found::read).collect();
        // What a service went back to is older than what failed.
        shown.sort_by_key(|deployment| !deployment.is_primary());
        let last = match shown.iter().find(|deployment| deployment.is_primary()) {
            Some(primary) => Some(primary.clone()),
            None => service_deployments::list(conn, id, ANY, NEWEST, 1).await?.into_iter().next().map(Found::read),
        };
        let revision = last.as_ref().map(|last| last.document.revision.clone()).unwrap_or_default();
        let counts = Counts::read(conn, id).await?;
        let (running_count, pending_count) = counts.all();
        let events = service_events::list(conn, id).await?.into_iter().map(|event| Event {
            id: event.event_id,
            created_at: event.created_at.into(),
            message: event.message,
        });
        let tags = match with_tags {
            true => tags::list(conn, registry, &resource(cluster_name, &row.name)).await?,
            false => Vec::new(),
        };
        let desired = row.desired_count;
        let open = shown.iter().find(|deployment| deployment.is_primary() && deployment.is_open());
        Ok(Self {
            service_arn: arn(registry, cluster_name, &row.name).to_string(),
            cluster_arn: arns::arn(registry, &clusters::resource(cluster_name)).to_string(),
            current_service_deployment: open.map(|deployment| {
                deployments::arn(registry, cluster_name, &row.name, &deployment.row.deployment_id).to_string()
            }),
            current_service_revisions: shown
                .iter()
                .map(|found| {
                    summary(
                        registry,
                        cluster_name,
                        &row.name,
                        &found.row.deployment_id,
                        desired_of(found, desired, &counts),
                        &counts,
                    )
                })
                .collect(),
            task_definition: definition_arn(registry, &revision.family, revision.revision),
            deployments: shown.into_iter().map(|found| Deployment::new(registry, found, desired, &counts)).collect(),
            service_name: row.name,
            load_balancers: revision.load_balancers,
            service_registries: revision.service_registries,
            status: row.status,
            desired_count: desired,
            running_count,
            pending_count,
            launch_type: revision.launch_type,
            capacity_provider_strategy: revision.capacity_provider_strategy,
            platform_family: revision.platform_version.is_some().then_some("Linux"),
            platform_version: revision.platform_version,
            deployment_configuration: document.deployment_configuration,
            role_arn: document.role_arn,
            events: events.collect(),
            created_at: row.created_at.into(),
            placement_constraints: document.placement_constraints,
            placement_strategy: document.placement_strategy,
            network_configuration: revision.network_configuration,
            health_check_grace_period_seconds: document.health_check_grace_period_seconds,
            scheduling_strategy: row.strategy,
            deployment_controller: Controller { r#type: "ECS" },
            tags,
            created_by: document.created_by,
            enable_managed_tags: document.enable_managed_tags,
            propagate_tags: document.propagate_tags,
            enable_execute_command: document.enable_execute_command,
            availability_zone_rebalancing: document.availability_zone_rebalancing,
        })
    }
}

/// All deployments.
const ANY: service_deployments::Filter<'static> = service_deployments::Filter {
    outcomes: &[],
    created_after: Timestamp::from_micros(i64::MIN),
    created_before: Timestamp::from_micros(i64::MAX),
};

/// Before it come all.
const NEWEST: (Timestamp, &str) = (Timestamp::from_micros(i64::MAX), "");

/// The ARN of a task definition.
pub(crate) fn definition_arn(registry: &RegistryId, family: &str, revision: u64) -> String {
    arns::arn(registry, &task_definitions::resource(family, revision)).to_string()
}

/// How many tasks a deployment is to have: a primary one all, another one those that it still has.
pub(crate) fn desired_of(found: &Found, desired: u64, counts: &Counts) -> u64 {
    let (running, pending) = counts.of(&found.name());
    if found.is_primary() { desired } else { running + pending }
}

/// A revision, with how many tasks it has.
pub(crate) fn summary(
    registry: &RegistryId,
    cluster: &str,
    service: &str,
    deployment_id: &str,
    requested_task_count: u64,
    counts: &Counts,
) -> RevisionSummary {
    let (running_task_count, pending_task_count) = counts.of(&deployments::name(deployment_id));
    RevisionSummary {
        arn: deployments::revision_arn(registry, cluster, service, deployment_id).to_string(),
        requested_task_count,
        running_task_count,
        pending_task_count,
    }
}

impl Deployment {
    fn new(registry: &RegistryId, found: Found, desired: u64, counts: &Counts) -> Self {
        let id = found.name();
        let (running_count, pending_count) = counts.of(&id);
        let desired_count = desired_of(&found, desired, counts);
        let Found { row, document } = found;
        let revision = document.revision;
        Self {
            task_definition: definition_arn(registry, &revision.family, revision.revision),
            id,
            status: row.status,
            desired_count,
            pending_count,
            running_count,
            failed_tasks: document.failed_tasks,
            created_at: row.created_at.into(),
            updated_at: Epoch(Timestamp::from_micros(document.updated_at)),
            capacity_provider_strategy: revision.capacity_provider_strategy,
            launch_type: revision.launch_type,
            platform_family: revision.platform_version.is_some().then_some("Linux"),
            platform_version: revision.platform_version,
            network_configuration: revision.network_configuration,
            rollout_state: row.rollout,
            rollout_state_reason: document.rollout_reason,
        }
    }
}
