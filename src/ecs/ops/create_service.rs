//! `CreateService`: keeps tasks of a definition running.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
//!
//! Known differences: the deployment controller is always ECS, and deployments are always rolling; Service Connect, VPC
//! Lattice, gateways and volumes that are configured at launch are refused.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::arns;
use crate::capacity_providers;
use crate::clusters::{self, StrategyItem};
use crate::conditions::Asked;
use crate::error::{Error, Result};
use crate::services;
use crate::services::configuration::{Configuration, PlacementConstraint, PlacementStrategy};
use crate::services::create::{self, Request};
use crate::services::revision::{LoadBalancer, Revision, ServiceRegistry};
use crate::shapes::service::Service;
use crate::tags::{self, Tag};
use crate::task_definitions::{self, Named, roles};

/// Who the role of a service is passed to.
const PASSED_TO: (&str, &str) = ("iam:PassedToService", "ecs.amazonaws.com");

/// The operation.
pub(crate) struct CreateService;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    service_name: String,
    task_definition: Option<String>,
    /// The revision that the name of a family means.
    #[serde(skip)]
    resolved: Option<String>,
    /// What counts of it.
    #[serde(skip)]
    named: Named,
    availability_zone_rebalancing: Option<String>,
    #[serde(default)]
    load_balancers: Vec<LoadBalancer>,
    #[serde(default)]
    service_registries: Vec<ServiceRegistry>,
    desired_count: Option<i64>,
    client_token: Option<String>,
    launch_type: Option<String>,
    #[serde(default)]
    capacity_provider_strategy: Vec<StrategyItem>,
    platform_version: Option<String>,
    role: Option<String>,
    #[serde(default)]
    deployment_configuration: Configuration,
    #[serde(default)]
    placement_constraints: Vec<PlacementConstraint>,
    #[serde(default)]
    placement_strategy: Vec<PlacementStrategy>,
    network_configuration: Option<Value>,
    health_check_grace_period_seconds: Option<i64>,
    scheduling_strategy: Option<String>,
    deployment_controller: Option<Controller>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default, rename = "enableECSManagedTags")]
    enable_managed_tags: bool,
    propagate_tags: Option<String>,
    #[serde(default)]
    enable_execute_command: bool,
    service_connect_configuration: Option<Value>,
    #[serde(default)]
    volume_configurations: Vec<Value>,
    #[serde(default)]
    vpc_lattice_configurations: Vec<Value>,
    #[serde(default)]
    gateway_connectors: Vec<Value>,
    monitoring: Option<Value>,
}

/// Who carries deployments out.
#[derive(Debug, Deserialize)]
pub(crate) struct Controller {
    pub(crate) r#type: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    service: Service,
}

/// What is part of a service on AWS alone.
pub(super) fn refuse(lattice: &[Value], gateways: &[Value], monitoring: Option<&Value>) -> Result<()> {
    let unsupported = |what: &str| Err(Error::Unsupported(format!("{what} are not supported by this server.")));
    if !lattice.is_empty() {
        return unsupported("VPC Lattice configurations");
    }
    if !gateways.is_empty() {
        return unsupported("Gateway connectors");
    }
    if monitoring.is_some() {
        return unsupported("Monitoring configurations");
    }
    Ok(())
}

impl Operation for CreateService {
    type Call = Call;
    const NAME: &'static str = "CreateService";
    const ACTION: &'static str = "ecs:CreateService";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<()> {
        if let Some(given) = &input.task_definition {
            input.resolved = task_definitions::newest(call, given).await;
            input.named = task_definitions::named(call, input.resolved.as_ref().unwrap_or(given)).await?;
        }
        Ok(())
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let registry = &call.ctx.registry;
        if !arns::is_name(&input.service_name) {
            return Err(Error::InvalidParameter("Invalid service name.".to_owned()));
        }
        let cluster = arns::cluster_name(registry, input.cluster.as_deref())?;
        let cluster_arn = clusters::arn(call, input.cluster.as_deref())?.to_string();
        let arn = services::arn(registry, cluster, &input.service_name);
        let on = |action| Need::new(action, Resource::Arn(call.account().clone(), arn.clone()));
        let need = on(Self::ACTION).with("ecs:cluster", [cluster_arn]).with_request_tags(tags::pairs(&input.tags));
        let asked = Asked {
            enable_execute_command: Some(input.enable_execute_command),
            enable_managed_tags: Some(input.enable_managed_tags),
            propagate_tags: input.propagate_tags.as_deref(),
            network_configuration: input.network_configuration.as_ref(),
        };
        let need = asked.judges(need);
        let providers = capacity_providers::names(&input.capacity_provider_strategy);
        let need = capacity_providers::judged_by(registry, need, providers);
        let given = input.resolved.as_ref().or(input.task_definition.as_ref());
        let mut needs = vec![services::on_definition(call, need, given, &input.named)];
        if !input.tags.is_empty() {
            needs.push(tags::on_creation(on("ecs:TagResource"), Self::NAME, &input.tags));
        }
        // The scheduler uses this one, not the task.
        let passed = |need: Need| Need::new(need.action, need.resource).with(PASSED_TO.0, [PASSED_TO.1.to_owned()]);
        needs.extend(roles::needs(registry, [input.role.as_deref()])?.into_iter().map(passed));
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        refuse(&input.vpc_lattice_configurations, &input.gateway_connectors, input.monitoring.as_ref())?;
        let role = input.role.filter(|role| !role.is_empty());
        let request = Request {
            cluster: input.cluster,
            name: input.service_name,
            task_definition: input.task_definition,
            resolved: input.resolved,
            desired_count: input.desired_count,
            scheduling_strategy: input.scheduling_strategy,
            revision: Revision {
                launch_type: input.launch_type,
                capacity_provider_strategy: input.capacity_provider_strategy,
                platform_version: input.platform_version,
                network_configuration: input.network_configuration,
                load_balancers: input.load_balancers,
                service_registries: input.service_registries,
                service_connect_configuration: input.service_connect_configuration,
                volume_configurations: input.volume_configurations,
                ..Revision::default()
            },
            role: role.map(|role| roles::arn(&call.ctx.registry, role)),
            configuration: input.deployment_configuration,
            constraints: input.placement_constraints,
            strategies: input.placement_strategy,
            grace: input.health_check_grace_period_seconds,
            deployment_controller: input.deployment_controller.map(|controller| controller.r#type),
            tags: input.tags,
            enable_managed_tags: input.enable_managed_tags,
            propagate_tags: input.propagate_tags,
            enable_execute_command: input.enable_execute_command,
            availability_zone_rebalancing: input.availability_zone_rebalancing,
            client_token: input.client_token.filter(|token| !token.is_empty()),
        };
        Ok(Output { service: create::create(call, grant, request).await? })
    }
}
