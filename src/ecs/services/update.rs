//! Changing a service. What its tasks are like changes with a new deployment; everything else changes at once.

use app::Grant;
use app::api::Call;
use serde_json::Value;
use store::{Conn, service_deployments};

use super::configuration::{self, Configuration, PlacementConstraint, PlacementStrategy};
use super::create::{check_count, check_grace, check_propagation, check_rebalancing, checks_health};
use super::decide::model::Strategy;
use super::deployments::{self, Deployment};
use super::revision::{LoadBalancer, Revision, ServiceRegistry};
use super::{Service, lock_in, target_groups, wake};
use crate::arns;
use crate::clusters::{self, Cluster, StrategyItem, write};
use crate::error::{Error, Result};
use crate::shapes::service::Service as Shape;
use crate::task_definitions::{self, TaskDefinition};

/// What somebody asks for. Members are those of UpdateService; what is none stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) cluster: Option<String>,
    pub(crate) service: String,
    pub(crate) task_definition: Option<String>,
    pub(crate) desired_count: Option<i64>,
    pub(crate) force_new_deployment: bool,
    pub(crate) capacity_provider_strategy: Option<Vec<StrategyItem>>,
    pub(crate) platform_version: Option<String>,
    pub(crate) network_configuration: Option<Value>,
    pub(crate) load_balancers: Option<Vec<LoadBalancer>>,
    pub(crate) service_registries: Option<Vec<ServiceRegistry>>,
    pub(crate) service_connect_configuration: Option<Value>,
    pub(crate) volume_configurations: Option<Vec<Value>>,
    pub(crate) configuration: Option<Configuration>,
    pub(crate) constraints: Option<Vec<PlacementConstraint>>,
    pub(crate) strategies: Option<Vec<PlacementStrategy>>,
    pub(crate) grace: Option<i64>,
    pub(crate) deployment_controller: Option<String>,
    pub(crate) enable_managed_tags: Option<bool>,
    pub(crate) propagate_tags: Option<String>,
    pub(crate) enable_execute_command: Option<bool>,
    pub(crate) availability_zone_rebalancing: Option<String>,
}

/// Changes a service.
pub(crate) async fn update(call: &Call, grant: &Grant, request: Request) -> Result<Shape> {
    grant.require("ecs:UpdateService")?;
    if request.deployment_controller.as_deref().is_some_and(|controller| controller != "ECS") {
        return Err(Error::Unsupported("Deployment controllers other than ECS are not supported.".to_owned()));
    }
    let registry = call.ctx.registry.clone();
    let host = call.registry_host(&call.ctx.app.config().registry);
    let (app, now) = (call.ctx.app.clone(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let name = arns::cluster_name(&registry, request.cluster.as_deref())?.to_owned();
            let cluster = clusters::lock(conn, &registry, &name).await?;
            let mut service = lock_in(conn, &cluster, &request.service).await?;
            if !service.is_active() {
                return Err(Error::ServiceNotActive);
            }
            let strategy = configuration::scheduling_strategy(Some(&service.row.strategy))?;
            change(&mut service, &request, strategy)?;
            let before = primary(conn, &service).await?;
            let mut revision = before.document.revision.clone();
            revise(&mut revision, &request);
            let definition = match &request.task_definition {
                Some(given) => task_definitions::find_active(conn, &registry, given).await?,
                None => {
                    let (family, number) = (&revision.family, revision.revision);
                    let found = task_definitions::find_revision(conn, &registry, family, number).await?;
                    found.ok_or_else(|| Error::Client("TaskDefinition not found.".to_owned()))?
                }
            };
            revision.family.clone_from(&definition.family);
            revision.revision = definition.revision;
            revision.complete(&cluster);
            if revision != before.document.revision || request.force_new_deployment {
                revision.check(&cluster, &definition, strategy == Strategy::Daemon)?;
                check_target_groups(conn, &cluster, &before, &revision, &definition).await?;
                service.document.host = host;
                service.row.launch_type = revision.launch_type.clone().unwrap_or_default();
                let id = deployments::new_id(&app.new_uuid());
                deployments::insert(conn, &service, id, revision, checks_health(&definition), now).await?;
            }
            finish(conn, &cluster, service, now).await
        })
    })
    .await
}

/// Looks at target groups if others are named, or if tasks come to be targets of another kind. What was there before may have
/// lost its load balancer since, which is no reason not to deploy.
async fn check_target_groups(
    conn: &mut Conn,
    cluster: &Cluster,
    before: &Deployment,
    revision: &Revision,
    definition: &TaskDefinition,
) -> Result<()> {
    let (registry, was) = (&cluster.row.registry, &before.document.revision);
    let mode = definition.definition.network_mode();
    let other_mode = if (&was.family, was.revision) == (&revision.family, revision.revision) {
        false
    } else {
        let found = task_definitions::find_revision(conn, registry, &was.family, was.revision).await?;
        found.is_some_and(|found| found.definition.network_mode() != mode)
    };
    if other_mode || was.load_balancers != revision.load_balancers {
        target_groups::check(conn, registry, revision, mode).await?;
    }
    Ok(())
}

async fn finish(conn: &mut Conn, cluster: &Cluster, mut service: Service, now: types::Timestamp) -> Result<Shape> {
    service.save(conn).await?;
    wake(conn, &service.row.service_id, now).await?;
    Shape::read(conn, cluster, service, true).await
}

/// The deployment that the service is at.
pub(super) async fn primary(conn: &mut Conn, service: &Service) -> Result<Deployment> {
    let shown = service_deployments::list_shown(conn, &service.row.service_id).await?;
    let found = shown.into_iter().map(Deployment::read).find(Deployment::is_primary);
    found.ok_or(Error::Rule(app::Error::Internal))
}

/// What changes without a deployment.
fn change(service: &mut Service, request: &Request, strategy: Strategy) -> Result<()> {
    check_count(strategy, request.desired_count)?;
    check_grace(request.grace)?;
    check_propagation(request.propagate_tags.as_deref())?;
    check_rebalancing(request.availability_zone_rebalancing.as_deref())?;
    if let Some(count) = request.desired_count {
        service.row.desired_count = u64::try_from(count).unwrap_or_default();
    }
    let document = &mut service.document;
    if let Some(given) = &request.configuration {
        document.deployment_configuration = given.clone().over(&document.deployment_configuration);
        document.deployment_configuration.check(strategy)?;
    }
    if let Some(given) = &request.constraints {
        configuration::constraints(given)?;
        document.placement_constraints.clone_from(given);
    }
    if let Some(given) = &request.strategies {
        configuration::strategies(given)?;
        if strategy == Strategy::Daemon && !given.is_empty() {
            return Err(Error::InvalidParameter(
                "The daemon scheduling strategy does not support placement strategies.".to_owned(),
            ));
        }
        document.placement_strategy.clone_from(given);
    }
    if let Some(seconds) = request.grace {
        document.health_check_grace_period_seconds = u64::try_from(seconds).ok();
    }
    document.enable_managed_tags = request.enable_managed_tags.unwrap_or(document.enable_managed_tags);
    document.enable_execute_command = request.enable_execute_command.unwrap_or(document.enable_execute_command);
    if let Some(given) = &request.propagate_tags {
        document.propagate_tags.clone_from(given);
    }
    if let Some(given) = &request.availability_zone_rebalancing {
        document.availability_zone_rebalancing.clone_from(given);
    }
    Ok(())
}

/// What changes with a deployment.
fn revise(revision: &mut Revision, request: &Request) {
    if let Some(given) = &request.capacity_provider_strategy {
        revision.capacity_provider_strategy.clone_from(given);
        if !given.is_empty() {
            revision.launch_type = None;
        }
    }
    if let Some(given) = &request.platform_version {
        revision.platform_version = Some(given.clone());
    }
    if let Some(given) = &request.network_configuration {
        revision.network_configuration = Some(given.clone());
    }
    if let Some(given) = &request.load_balancers {
        revision.load_balancers.clone_from(given);
    }
    if let Some(given) = &request.service_registries {
        revision.service_registries.clone_from(given);
    }
    if let Some(given) = &request.service_connect_configuration {
        revision.service_connect_configuration = Some(given.clone());
    }
    if let Some(given) = &request.volume_configurations {
        revision.volume_configurations.clone_from(given);
    }
}
