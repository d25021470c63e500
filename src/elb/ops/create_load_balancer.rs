//! `CreateLoadBalancer`: makes an application load balancer. It works once it has a listener.
//!
//! Subnets and security groups need not be there, nor be given: they are shown and have no effect.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, need_to_make};
use crate::checks;
use crate::error::{Error, Result};
use crate::load_balancers::{self, Settings};
use crate::network::{self, SubnetMapping};
use crate::shapes::LoadBalancer;
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct CreateLoadBalancer;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    #[serde(default)]
    subnets: Vec<String>,
    #[serde(default)]
    subnet_mappings: Vec<SubnetMapping>,
    #[serde(default)]
    security_groups: Vec<String>,
    scheme: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    ip_address_type: Option<String>,
    customer_owned_ipv4_pool: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    load_balancers: Vec<LoadBalancer>,
}

impl Operation for CreateLoadBalancer {
    type Call = Call;
    const NAME: &'static str = "CreateLoadBalancer";
    const ACTION: &'static str = "elasticloadbalancing:CreateLoadBalancer";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        checks::name(Kind::LoadBalancer, &input.name)?;
        tags::check(&input.tags)?;
        let need = |action| need_to_make(&call.ctx.registry, Kind::LoadBalancer, &input.name, action);
        Ok(tags::needs_to_make(need, Self::ACTION, &input.tags))
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let settings = settings(&input)?;
        let found = load_balancers::create(call, grant, &input.name, settings, input.tags).await?;
        Ok(Output { load_balancers: vec![LoadBalancer::new(call, found)] })
    }
}

fn settings(input: &Input) -> Result<Settings> {
    let kind = input.kind.as_deref().unwrap_or("application");
    checks::one_of("type", kind, &["application", "network", "gateway"])?;
    if kind != "application" {
        return Err(Error::InvalidConfigurationRequest(format!(
            "Load balancers of the type '{kind}' are not supported; use application"
        )));
    }
    let scheme = input.scheme.as_deref().unwrap_or("internet-facing");
    if !matches!(scheme, "internet-facing" | "internal") {
        return Err(Error::InvalidScheme(
            scheme.chars().filter(|character| !character.is_control()).take(64).collect(),
        ));
    }
    let ip_address_type = input.ip_address_type.as_deref().unwrap_or("ipv4");
    network::check_ip_address_type(ip_address_type)?;
    if input.customer_owned_ipv4_pool.is_some() {
        return Err(Error::InvalidConfigurationRequest("Customer-owned addresses are not supported".to_owned()));
    }
    let subnets = network::subnets(&input.subnets, &input.subnet_mappings)?;
    network::check_security_groups(&input.security_groups)?;
    Ok(Settings {
        scheme: scheme.to_owned(),
        ip_address_type: ip_address_type.to_owned(),
        subnets,
        security_groups: input.security_groups.clone(),
    })
}
