//! Making a service.

use app::Grant;
use app::api::Call;
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::services;
use store::services::ServiceRow;

use super::configuration::{self, Configuration, PlacementConstraint, PlacementStrategy};
use super::decide::model::Strategy;
use super::revision::Revision;
use super::scaling::MOST_TASKS;
use super::{Document, Service, deployments, reconcile, resource, target_groups, wake};
use crate::arns;
use crate::clusters::{self, Cluster, write, written};
use crate::error::{Error, Result};
use crate::shapes::service::Service as Shape;
use crate::tags::{self, Tag};
use crate::task_definitions;
use crate::task_definitions::TaskDefinition;
use crate::task_definitions::definition::NetworkMode;

/// The longest client token.
const LONGEST_TOKEN: usize = 36;
/// The longest time of grace in seconds.
const LONGEST_GRACE: i64 = 2_147_483_647;
/// What somebody asks for. Members are those of CreateService.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Request {
    pub(crate) cluster: Option<String>,
    pub(crate) name: String,
    pub(crate) task_definition: Option<String>,
    /// The revision that the name of a family means; not what the client said.
    #[serde(skip)]
    pub(crate) resolved: Option<String>,
    pub(crate) desired_count: Option<i64>,
    pub(crate) scheduling_strategy: Option<String>,
    pub(crate) revision: Revision,
    pub(crate) role: Option<String>,
    pub(crate) configuration: Configuration,
    pub(crate) constraints: Vec<PlacementConstraint>,
    pub(crate) strategies: Vec<PlacementStrategy>,
    pub(crate) grace: Option<i64>,
    pub(crate) deployment_controller: Option<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) enable_managed_tags: bool,
    pub(crate) propagate_tags: Option<String>,
    pub(crate) enable_execute_command: bool,
    pub(crate) availability_zone_rebalancing: Option<String>,
    pub(crate) client_token: Option<String>,
}

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::InvalidParameter(message.into()))
}

/// Makes a service. A repetition with the same token gets the one that is there.
pub(crate) async fn create(call: &Call, grant: &Grant, request: Request) -> Result<Shape> {
    grant.require("ecs:CreateService")?;
    let strategy = check(&request)?;
    let registry = call.ctx.registry.clone();
    let host = call.registry_host(&call.ctx.app.config().registry);
    let created_by = call.ctx.identity.principal.arn.clone();
    let (app, now) = (call.ctx.app.clone(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let name = arns::cluster_name(&registry, request.cluster.as_deref())?.to_owned();
            let cluster = clusters::lock(conn, &registry, &name).await?;
            if let Some(there) = services::find(conn, &cluster.row.cluster_id, &request.name).await? {
                let there = Service::read(there);
                match there.row.status.as_str() {
                    "INACTIVE" => reconcile::delete_rows(conn, &there.row.service_id).await?,
                    "DRAINING" => return invalid("Unable to Start a service that is still Draining."),
                    _ if is_repetition(&there, &request)? => return Shape::read(conn, &cluster, there, true).await,
                    _ => return invalid("Creation of service was not idempotent."),
                }
            }
            let given = request.resolved.as_ref().or(request.task_definition.as_ref()).map_or("", String::as_str);
            let definition = task_definitions::find_active(conn, &registry, given).await?;
            let mut revision = request.revision.clone();
            revision.family.clone_from(&definition.family);
            revision.revision = definition.revision;
            revision.complete(&cluster);
            revision.check(&cluster, &definition, strategy == Strategy::Daemon)?;
            check_role(&request, &definition)?;
            target_groups::check(conn, &registry, &revision, definition.definition.network_mode()).await?;
            let service = row(&request, &cluster, strategy, &revision, host, created_by, app.new_id(), now)?;
            services::insert(conn, &service.row).await?;
            let id = deployments::new_id(&app.new_uuid());
            deployments::insert(conn, &service, id, revision, checks_health(&definition), now).await?;
            let resource = resource(&cluster.row.name, &service.row.name);
            tags::set(conn, &registry, &resource, &request.tags).await?;
            wake(conn, &service.row.service_id, now).await?;
            Shape::read(conn, &cluster, service, true).await
        })
    })
    .await
}

/// Whether one of its essential containers is checked.
pub(super) fn checks_health(definition: &TaskDefinition) -> bool {
    let containers = &definition.definition.container_definitions;
    containers.iter().any(|container| container.is_essential() && container.is_checked())
}

/// Whether a request was made before and led to this service.
fn is_repetition(there: &Service, request: &Request) -> Result<bool> {
    let same_token = request.client_token.is_some() && there.document.client_token == request.client_token;
    Ok(same_token && there.document.request == Some(fingerprint(request)?))
}

/// What a request asks for, to tell a repetition from another one.
fn fingerprint(request: &Request) -> Result<String> {
    let digest = Sha256::digest(written(request)?.as_bytes());
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[expect(clippy::too_many_arguments, reason = "what a row is made of comes from many sides, once")]
fn row(
    request: &Request,
    cluster: &Cluster,
    strategy: Strategy,
    revision: &Revision,
    host: String,
    created_by: String,
    service_id: String,
    now: types::Timestamp,
) -> Result<Service> {
    let document = Document {
        client_token: request.client_token.clone(),
        request: request.client_token.as_ref().map(|_| fingerprint(request)).transpose()?,
        role_arn: request.role.clone(),
        deployment_configuration: request.configuration.clone().over(&Configuration::default_of(strategy)),
        placement_constraints: request.constraints.clone(),
        placement_strategy: request.strategies.clone(),
        health_check_grace_period_seconds: request.grace.and_then(|seconds| u64::try_from(seconds).ok()),
        availability_zone_rebalancing: request
            .availability_zone_rebalancing
            .clone()
            .unwrap_or_else(|| if strategy == Strategy::Replica { "ENABLED" } else { "DISABLED" }.to_owned()),
        enable_managed_tags: request.enable_managed_tags,
        propagate_tags: request.propagate_tags.clone().unwrap_or_else(|| "NONE".to_owned()),
        enable_execute_command: request.enable_execute_command,
        created_by,
        host,
        ..Document::default()
    };
    let row = ServiceRow {
        service_id,
        cluster_id: cluster.row.cluster_id.clone(),
        name: request.name.clone(),
        status: "ACTIVE".to_owned(),
        strategy: if strategy == Strategy::Replica { "REPLICA" } else { "DAEMON" }.to_owned(),
        launch_type: revision.launch_type.clone().unwrap_or_default(),
        desired_count: request.desired_count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default(),
        document: written(&document)?,
        created_at: now,
    };
    Ok(Service { row, document })
}

fn check(request: &Request) -> Result<Strategy> {
    if !arns::is_name(&request.name) {
        return invalid("Invalid service name.");
    }
    if request.task_definition.as_deref().is_none_or(str::is_empty) {
        return invalid("TaskDefinition can not be blank.");
    }
    if let Some(token) = &request.client_token {
        let legal = token.len() <= LONGEST_TOKEN && token.bytes().all(|byte| (33..=126).contains(&byte));
        if token.is_empty() || !legal {
            return invalid(format!("clientToken must have 1 to {LONGEST_TOKEN} visible ASCII characters."));
        }
    }
    let strategy = configuration::scheduling_strategy(request.scheduling_strategy.as_deref())?;
    match request.deployment_controller.as_deref() {
        None | Some("ECS") => {}
        Some("CODE_DEPLOY" | "EXTERNAL") => {
            return Err(Error::Unsupported("Deployment controllers other than ECS are not supported.".to_owned()));
        }
        Some(_) => return invalid("Invalid deployment controller type."),
    }
    check_count(strategy, request.desired_count)?;
    if strategy == Strategy::Replica && request.desired_count.is_none() {
        return invalid("desiredCount is required for services of scheduling strategy REPLICA.");
    }
    if strategy == Strategy::Daemon && !request.strategies.is_empty() {
        return invalid("The daemon scheduling strategy does not support placement strategies.");
    }
    request.configuration.clone().over(&Configuration::default_of(strategy)).check(strategy)?;
    configuration::constraints(&request.constraints)?;
    configuration::strategies(&request.strategies)?;
    check_grace(request.grace)?;
    check_propagation(request.propagate_tags.as_deref())?;
    check_rebalancing(request.availability_zone_rebalancing.as_deref())?;
    tags::check(&request.tags)?;
    Ok(strategy)
}

pub(super) fn check_count(strategy: Strategy, desired_count: Option<i64>) -> Result<()> {
    match desired_count {
        Some(_) if strategy == Strategy::Daemon => invalid(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again.",
        ),
        Some(count) if !u64::try_from(count).is_ok_and(|count| count <= MOST_TASKS) => {
            invalid(format!("desiredCount must be between 0 and {MOST_TASKS}, inclusive."))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_grace(seconds: Option<i64>) -> Result<()> {
    if seconds.is_none_or(|seconds| (0..=LONGEST_GRACE).contains(&seconds)) {
        return Ok(());
    }
    invalid(format!("healthCheckGracePeriodSeconds must be between 0 and {LONGEST_GRACE}, inclusive."))
}

pub(super) fn check_propagation(given: Option<&str>) -> Result<()> {
    match given {
        None | Some("SERVICE" | "TASK_DEFINITION" | "NONE") => Ok(()),
        Some(_) => invalid("propagateTags must be TASK_DEFINITION, SERVICE or NONE."),
    }
}

pub(super) fn check_rebalancing(given: Option<&str>) -> Result<()> {
    match given {
        None | Some("ENABLED" | "DISABLED") => Ok(()),
        Some(_) => invalid("availabilityZoneRebalancing must be ENABLED or DISABLED."),
    }
}

fn check_role(request: &Request, definition: &TaskDefinition) -> Result<()> {
    if request.role.is_none() {
        return Ok(());
    }
    if definition.definition.network_mode() == NetworkMode::Awsvpc {
        return invalid("You cannot specify an IAM role for services that require a service linked role.");
    }
    if request.revision.load_balancers.is_empty() {
        return invalid("A role is only permitted for services with a load balancer.");
    }
    Ok(())
}
