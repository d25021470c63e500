//! Service deployments and service revisions as answers show them.

use aws::Epoch;
use serde::Serialize;
use serde_json::Value;
use store::Conn;
use store::services::ServiceRow;
use types::Timestamp;

use super::service::{Counts, RevisionSummary, definition_arn, desired_of, summary};
use crate::arns;
use crate::clusters::{self, Cluster, StrategyItem};
use crate::error::Result;
use crate::services::configuration::Configuration;
use crate::services::deployments::{self, ContainerImage, Deployment};
use crate::services::revision::{LoadBalancer, ServiceRegistry};
use crate::services::{self, Service};

fn epoch(micros: i64) -> Epoch {
    Epoch(Timestamp::from_micros(micros))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentBrief.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Brief {
    service_deployment_arn: String,
    service_arn: String,
    cluster_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Epoch>,
    created_at: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Epoch>,
    target_service_revision_arn: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
}

impl Brief {
    pub(crate) fn new(cluster: &Cluster, service: &ServiceRow, deployment: Deployment) -> Self {
        let (registry, name) = (&cluster.row.registry, &cluster.row.name);
        let Deployment { row, document } = deployment;
        Self {
            service_deployment_arn: deployments::arn(registry, name, &service.name, &row.deployment_id).to_string(),
            service_arn: services::arn(registry, name, &service.name).to_string(),
            cluster_arn: arns::arn(registry, &clusters::resource(name)).to_string(),
            started_at: document.started_at.map(epoch),
            created_at: row.created_at.into(),
            finished_at: document.finished_at.map(epoch),
            target_service_revision_arn: deployments::revision_arn(registry, name, &service.name, &row.deployment_id)
                .to_string(),
            status: row.outcome,
            status_reason: document.outcome_reason,
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceDeployment {
    service_deployment_arn: String,
    service_arn: String,
    cluster_arn: String,
    created_at: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<Epoch>,
    updated_at: Epoch,
    source_service_revisions: Vec<RevisionSummary>,
    target_service_revision: RevisionSummary,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle_stage: Option<&'static str>,
    deployment_configuration: Configuration,
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback: Option<Rollback>,
    deployment_circuit_breaker: CircuitBreaker,
    alarms: Alarms,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rollback {
    reason: String,
    started_at: Epoch,
    service_revision_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CircuitBreaker {
    status: &'static str,
    failure_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Alarms {
    status: &'static str,
    alarm_names: Vec<String>,
    triggered_alarm_names: Vec<String>,
}

impl ServiceDeployment {
    pub(crate) async fn read(
        conn: &mut Conn,
        cluster: &Cluster,
        service: &Service,
        deployment: Deployment,
    ) -> Result<Self> {
        let counts = Counts::read(conn, &service.row.service_id).await?;
        let (registry, name, desired) = (&cluster.row.registry, &cluster.row.name, service.row.desired_count);
        let target_count = desired_of(&deployment, desired, &counts);
        let open = deployment.is_open();
        let Deployment { row, document } = deployment;
        let service_name = &service.row.name;
        let revision = |id: &str, wanted| summary(registry, name, service_name, id, wanted, &counts);
        let left = |id: &String| {
            let (running, pending) = counts.of(&deployments::name(id));
            running + pending
        };
        let breaker = document.configuration.breaker();
        let tripped = document.outcome_reason.as_deref().is_some_and(|reason| reason.contains("circuit breaker"));
        Ok(Self {
            service_deployment_arn: deployments::arn(registry, name, service_name, &row.deployment_id).to_string(),
            service_arn: services::arn(registry, name, service_name).to_string(),
            cluster_arn: arns::arn(registry, &clusters::resource(name)).to_string(),
            created_at: row.created_at.into(),
            started_at: document.started_at.map(epoch),
            finished_at: document.finished_at.map(epoch),
            stopped_at: document.stopped_at.map(epoch),
            updated_at: epoch(document.updated_at),
            source_service_revisions: document.sources.iter().map(|id| revision(id, left(id))).collect(),
            target_service_revision: revision(&row.deployment_id, target_count),
            lifecycle_stage: (row.outcome == "IN_PROGRESS").then_some("SCALE_UP"),
            status: row.outcome,
            status_reason: document.outcome_reason,
            rollback: document.rollback.map(|rollback| Rollback {
                reason: rollback.reason,
                started_at: epoch(rollback.started_at),
                service_revision_arn: deployments::revision_arn(registry, name, service_name, &rollback.to).to_string(),
            }),
            deployment_circuit_breaker: CircuitBreaker {
                status: match (breaker, tripped, open) {
                    (None, _, _) => "DISABLED",
                    (Some(_), true, _) => "TRIGGERED",
                    (Some(_), false, true) => "MONITORING",
                    (Some(_), false, false) => "MONITORING_COMPLETE",
                },
                failure_count: document.failures,
                threshold: breaker.map(|breaker| breaker.threshold.of(usize::try_from(desired).unwrap_or(usize::MAX))),
            },
            deployment_configuration: document.configuration,
            alarms: Alarms { status: "DISABLED", alarm_names: Vec::new(), triggered_alarm_names: Vec::new() },
        })
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceRevision {
    service_revision_arn: String,
    service_arn: String,
    cluster_arn: String,
    task_definition: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capacity_provider_strategy: Vec<StrategyItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    launch_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_family: Option<&'static str>,
    load_balancers: Vec<LoadBalancer>,
    service_registries: Vec<ServiceRegistry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_configuration: Option<Value>,
    container_images: Vec<ContainerImage>,
    guard_duty_enabled: bool,
    created_at: Epoch,
}

impl ServiceRevision {
    pub(crate) fn new(cluster: &Cluster, service: &Service, deployment: Deployment) -> Self {
        let (registry, name, service_name) = (&cluster.row.registry, &cluster.row.name, &service.row.name);
        let Deployment { row, document } = deployment;
        let revision = document.revision;
        Self {
            service_revision_arn: deployments::revision_arn(registry, name, service_name, &row.deployment_id)
                .to_string(),
            service_arn: services::arn(registry, name, service_name).to_string(),
            cluster_arn: arns::arn(registry, &clusters::resource(name)).to_string(),
            task_definition: definition_arn(registry, &revision.family, revision.revision),
            capacity_provider_strategy: revision.capacity_provider_strategy,
            launch_type: revision.launch_type,
            platform_family: revision.platform_version.is_some().then_some("Linux"),
            platform_version: revision.platform_version,
            load_balancers: revision.load_balancers,
            service_registries: revision.service_registries,
            network_configuration: revision.network_configuration,
            container_images: document.container_images.unwrap_or_default(),
            guard_duty_enabled: false,
            created_at: row.created_at.into(),
        }
    }
}
