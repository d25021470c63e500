//! `SetIpAddressType`: sets the kind of a load balancer's addresses, which can be `ipv4` alone.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetIpAddressType.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::load_balancers::Settings;
use crate::network;

/// The operation.
pub(crate) struct SetIpAddressType;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: String,
    ip_address_type: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    ip_address_type: String,
}

impl Operation for SetIpAddressType {
    type Call = Call;
    const NAME: &'static str = "SetIpAddressType";
    const ACTION: &'static str = "elasticloadbalancing:SetIpAddressType";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        network::check_ip_address_type(&input.ip_address_type)?;
        let load_balancer = Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?;
        let edit = |settings: &mut Settings| settings.ip_address_type = input.ip_address_type;
        let settings = network::set(call, grant, Self::ACTION, load_balancer, edit).await?;
        Ok(Output { ip_address_type: settings.ip_address_type })
    }
}
