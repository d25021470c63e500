//! `DescribeLoadBalancerAttributes`: all attributes of a load balancer.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancerAttributes.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::attributes::Attribute;
use crate::error::{Error, Result};
use crate::load_balancers;

/// The operation.
pub(crate) struct DescribeLoadBalancerAttributes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    attributes: Vec<Attribute>,
}

impl Operation for DescribeLoadBalancerAttributes {
    type Call = Call;
    const NAME: &'static str = "DescribeLoadBalancerAttributes";
    const ACTION: &'static str = "elasticloadbalancing:DescribeLoadBalancerAttributes";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let load_balancer = Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?;
        Ok(Output { attributes: load_balancers::attributes(call, grant, &load_balancer).await? })
    }
}
