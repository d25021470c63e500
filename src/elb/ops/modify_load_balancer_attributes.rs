//! `ModifyLoadBalancerAttributes`: sets attributes of a load balancer. Those without an effect here can be set to their defaults alone.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyLoadBalancerAttributes.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::attributes::Attribute;
use crate::error::{Error, Result};
use crate::load_balancers;

/// The operation.
pub(crate) struct ModifyLoadBalancerAttributes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    attributes: Vec<Attribute>,
}

impl Operation for ModifyLoadBalancerAttributes {
    type Call = Call;
    const NAME: &'static str = "ModifyLoadBalancerAttributes";
    const ACTION: &'static str = "elasticloadbalancing:ModifyLoadBalancerAttributes";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let load_balancer = Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?;
        let attributes = load_balancers::set_attributes(call, grant, load_balancer, input.attributes).await?;
        Ok(Output { attributes })
    }
}
