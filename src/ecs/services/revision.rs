//! What the tasks of a deployment are like. A service whose revision changes gets a new deployment; what is not in here
//! changes without one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::capacity_providers;
use crate::clusters::{Cluster, StrategyItem};
use crate::error::{Error, Result};
use crate::task_definitions::TaskDefinition;
use crate::tasks::request::{Placed, Request};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Revision {
    pub(crate) family: String,
    pub(crate) revision: u64,
    /// As the client said; none if capacity providers decide.
    pub(crate) launch_type: Option<String>,
    pub(crate) capacity_provider_strategy: Vec<StrategyItem>,
    pub(crate) platform_version: Option<String>,
    pub(crate) network_configuration: Option<Value>,
    pub(crate) load_balancers: Vec<LoadBalancer>,
    pub(crate) service_registries: Vec<ServiceRegistry>,
    pub(crate) service_connect_configuration: Option<Value>,
    pub(crate) volume_configurations: Vec<Value>,
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LoadBalancer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) load_balancer_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) container_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) container_port: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advanced_configuration: Option<Value>,
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRegistry.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ServiceRegistry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registry_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) container_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) container_port: Option<i64>,
}

/// How the tasks are placed, by launch type and by capacity providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placing {
    pub(crate) launch_type: String,
    /// Among which providers tasks are shared; empty if there is a launch type.
    pub(crate) strategy: Vec<StrategyItem>,
}

impl Revision {
    /// Takes the launch type of the cluster if the client said none.
    pub(crate) fn complete(&mut self, cluster: &Cluster) {
        if self.launch_type.is_none() && self.capacity_provider_strategy.is_empty() {
            self.capacity_provider_strategy.clone_from(&cluster.document.default_capacity_provider_strategy);
        }
        if self.launch_type.is_none() && self.capacity_provider_strategy.is_empty() {
            self.launch_type = Some("EC2".to_owned());
        }
        let fargate = self.launch_type.as_deref() == Some("FARGATE") || !self.capacity_provider_strategy.is_empty();
        if fargate && self.platform_version.is_none() {
            self.platform_version = Some("LATEST".to_owned());
        }
    }

    /// How its tasks are placed. Fails if the definition cannot run so.
    pub(crate) fn placing(&self, cluster: &Cluster, definition: &TaskDefinition) -> Result<Placing> {
        let request = Request {
            launch_type: self.launch_type.clone(),
            capacity_provider_strategy: self.capacity_provider_strategy.clone(),
            platform_version: self.platform_version.clone(),
            network_configuration: self.network_configuration.clone(),
            ..Request::default()
        };
        let placed = Placed::read(&request, cluster, definition)?;
        Ok(Placing { launch_type: placed.launch_type.to_owned(), strategy: placed.strategy.to_vec() })
    }

    /// Refuses what does not fit together.
    pub(crate) fn check(&self, cluster: &Cluster, definition: &TaskDefinition, daemon: bool) -> Result<()> {
        let invalid = |message: String| Err(Error::InvalidParameter(message));
        capacity_providers::check_strategy(&self.capacity_provider_strategy, &cluster.document.capacity_providers)?;
        let placing = self.placing(cluster, definition)?;
        if daemon && placing.launch_type == "FARGATE" {
            return invalid("The daemon scheduling strategy is not supported for the Fargate launch type.".to_owned());
        }
        for balancer in &self.load_balancers {
            balancer.check(definition)?;
        }
        if self.service_registries.len() > 1 {
            return invalid("serviceRegistries can not have more than 1 element.".to_owned());
        }
        for registry in &self.service_registries {
            if registry.registry_arn.as_deref().is_none_or(str::is_empty) {
                return invalid("registryArn cannot be empty.".to_owned());
            }
            if let Some(name) = &registry.container_name {
                mapped(definition, name, registry.container_port)?;
            }
        }
        if self.service_connect_configuration.as_ref().is_some_and(|it| it["enabled"] == Value::Bool(true)) {
            return Err(Error::Unsupported("Service Connect is not supported by this server.".to_owned()));
        }
        if !self.volume_configurations.is_empty() {
            return Err(Error::Unsupported("Volumes that are configured at launch are not supported.".to_owned()));
        }
        Ok(())
    }
}

impl LoadBalancer {
    fn check(&self, definition: &TaskDefinition) -> Result<()> {
        let invalid = |message: &str| Err(Error::InvalidParameter(message.to_owned()));
        if self.load_balancer_name.is_some() {
            return Err(Error::Unsupported("Classic Load Balancers are not supported by this server.".to_owned()));
        }
        if self.advanced_configuration.is_some() {
            return Err(Error::Unsupported("Deployment strategies other than ROLLING are not supported.".to_owned()));
        }
        let arn = self.target_group_arn.as_deref().unwrap_or_default();
        if !arn.starts_with("arn:aws:elasticloadbalancing:") || !arn.contains(":targetgroup/") {
            return invalid("Invalid target group ARN.");
        }
        let Some(name) = self.container_name.as_deref().filter(|name| !name.is_empty()) else {
            return invalid("Container name cannot be blank when using target groups.");
        };
        mapped(definition, name, self.container_port)
    }
}

/// A container must exist and map the port.
fn mapped(definition: &TaskDefinition, name: &str, port: Option<i64>) -> Result<()> {
    let Some(container) = definition.definition.container(name) else {
        return Err(Error::InvalidParameter(format!("The container {name} does not exist in the task definition.")));
    };
    let wanted = port.unwrap_or_default();
    let found = container.port_mappings.iter().any(|mapping| mapping.container_port == Some(wanted));
    if port.is_none() || found {
        return Ok(());
    }
    Err(Error::InvalidParameter(format!("The container {name} did not have a container port {wanted} defined.")))
}
