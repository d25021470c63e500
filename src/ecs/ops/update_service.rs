//! `UpdateService`: changes a service, with a new deployment if its tasks change.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::create_service::{Controller, refuse};
use crate::capacity_providers;
use crate::clusters::StrategyItem;
use crate::conditions::Asked;
use crate::error::{Error, Result};
use crate::services;
use crate::services::configuration::{Configuration, PlacementConstraint, PlacementStrategy};
use crate::services::revision::{LoadBalancer, ServiceRegistry};
use crate::services::update::{self, Request};
use crate::shapes::service::Service;
use crate::task_definitions::{self, Named};

/// The operation.
pub(crate) struct UpdateService;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    service: String,
    desired_count: Option<i64>,
    task_definition: Option<String>,
    /// The revision that the name of a family means.
    #[serde(skip)]
    resolved: Option<String>,
    /// What counts of it.
    #[serde(skip)]
    named: Named,
    capacity_provider_strategy: Option<Vec<StrategyItem>>,
    deployment_configuration: Option<Configuration>,
    availability_zone_rebalancing: Option<String>,
    network_configuration: Option<Value>,
    placement_constraints: Option<Vec<PlacementConstraint>>,
    placement_strategy: Option<Vec<PlacementStrategy>>,
    platform_version: Option<String>,
    #[serde(default)]
    force_new_deployment: bool,
    health_check_grace_period_seconds: Option<i64>,
    deployment_controller: Option<Controller>,
    enable_execute_command: Option<bool>,
    #[serde(rename = "enableECSManagedTags")]
    enable_managed_tags: Option<bool>,
    load_balancers: Option<Vec<LoadBalancer>>,
    propagate_tags: Option<String>,
    service_registries: Option<Vec<ServiceRegistry>>,
    service_connect_configuration: Option<Value>,
    volume_configurations: Option<Vec<Value>>,
    #[serde(default)]
    vpc_lattice_configurations: Vec<Value>,
    #[serde(default)]
    gateway_connectors: Vec<Value>,
    monitoring: Option<Value>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    service: Service,
}

impl Operation for UpdateService {
    type Call = Call;
    const NAME: &'static str = "UpdateService";
    const ACTION: &'static str = "ecs:UpdateService";
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
        let asked = Asked {
            enable_execute_command: input.enable_execute_command,
            enable_managed_tags: input.enable_managed_tags,
            propagate_tags: input.propagate_tags.as_deref(),
            network_configuration: input.network_configuration.as_ref(),
        };
        let mut need = asked.judges(services::need(call, Self::ACTION, input.cluster.as_deref(), &input.service)?);
        if let Some(strategy) = &input.capacity_provider_strategy {
            need = capacity_providers::judged_by(&call.ctx.registry, need, capacity_providers::names(strategy));
        }
        let given = input.resolved.as_ref().or(input.task_definition.as_ref());
        Ok(vec![services::on_definition(call, need, given, &input.named)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        refuse(&input.vpc_lattice_configurations, &input.gateway_connectors, input.monitoring.as_ref())?;
        let request = Request {
            cluster: input.cluster,
            service: input.service,
            task_definition: input.resolved.or(input.task_definition),
            desired_count: input.desired_count,
            force_new_deployment: input.force_new_deployment,
            capacity_provider_strategy: input.capacity_provider_strategy,
            platform_version: input.platform_version,
            network_configuration: input.network_configuration,
            load_balancers: input.load_balancers,
            service_registries: input.service_registries,
            service_connect_configuration: input.service_connect_configuration,
            volume_configurations: input.volume_configurations,
            configuration: input.deployment_configuration,
            constraints: input.placement_constraints,
            strategies: input.placement_strategy,
            grace: input.health_check_grace_period_seconds,
            deployment_controller: input.deployment_controller.map(|controller| controller.r#type),
            enable_managed_tags: input.enable_managed_tags,
            propagate_tags: input.propagate_tags,
            enable_execute_command: input.enable_execute_command,
            availability_zone_rebalancing: input.availability_zone_rebalancing,
        };
        Ok(Output { service: update::update(call, grant, request).await? })
    }
}
