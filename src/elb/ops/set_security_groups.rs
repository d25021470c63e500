//! `SetSecurityGroups`: replaces the security groups of a load balancer. They are shown and have no effect.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::load_balancers::Settings;
use crate::network;

/// The operation.
pub(crate) struct SetSecurityGroups;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: String,
    #[serde(default)]
    security_groups: Vec<String>,
    enforce_security_group_inbound_rules_on_private_link_traffic: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    security_group_ids: Vec<String>,
}

impl Operation for SetSecurityGroups {
    type Call = Call;
    const NAME: &'static str = "SetSecurityGroups";
    const ACTION: &'static str = "elasticloadbalancing:SetSecurityGroups";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        if input.enforce_security_group_inbound_rules_on_private_link_traffic.is_some() {
            return Err(Error::InvalidConfigurationRequest(
                "Rules for traffic over PrivateLink are of network load balancers, which are not supported".to_owned(),
            ));
        }
        network::check_security_groups(&input.security_groups)?;
        let load_balancer = Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?;
        let edit = |settings: &mut Settings| settings.security_groups = input.security_groups;
        let settings = network::set(call, grant, Self::ACTION, load_balancer, edit).await?;
        Ok(Output { security_group_ids: settings.security_groups })
    }
}
