//! `SetSubnets`: replaces the subnets of a load balancer. They are shown and have no effect.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSubnets.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::load_balancers::Settings;
use crate::network::{self, SubnetMapping};
use crate::shapes::AvailabilityZone;

/// The operation.
pub(crate) struct SetSubnets;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: String,
    #[serde(default)]
    subnets: Vec<String>,
    #[serde(default)]
    subnet_mappings: Vec<SubnetMapping>,
    ip_address_type: Option<String>,
    enable_prefix_for_ipv6_source_nat: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    availability_zones: Vec<AvailabilityZone>,
    ip_address_type: String,
}

impl Operation for SetSubnets {
    type Call = Call;
    const NAME: &'static str = "SetSubnets";
    const ACTION: &'static str = "elasticloadbalancing:SetSubnets";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let subnets = network::subnets(&input.subnets, &input.subnet_mappings)?;
        if subnets.is_empty() {
            return Err(Error::Validation("Specify either subnets or subnet mappings".to_owned()));
        }
        if let Some(kind) = &input.ip_address_type {
            network::check_ip_address_type(kind)?;
        }
        if input.enable_prefix_for_ipv6_source_nat.is_some_and(|value| value != "off") {
            return Err(Error::InvalidConfigurationRequest(
                "Prefixes for IPv6 source NAT are of network load balancers, which are not supported".to_owned(),
            ));
        }
        let load_balancer = Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?;
        let edit = |settings: &mut Settings| settings.subnets = subnets;
        let settings = network::set(call, grant, Self::ACTION, load_balancer, edit).await?;
        Ok(Output {
            availability_zones: AvailabilityZone::of(&call.ctx.registry, settings.subnets),
            ip_address_type: settings.ip_address_type,
        })
    }
}
