//! `DeleteLoadBalancer`: removes a load balancer with its listeners and rules.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::load_balancers;
use crate::ops::Empty;

/// The operation.
pub(crate) struct DeleteLoadBalancer;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: String,
}

impl Operation for DeleteLoadBalancer {
    type Call = Call;
    const NAME: &'static str = "DeleteLoadBalancer";
    const ACTION: &'static str = "elasticloadbalancing:DeleteLoadBalancer";
    type Input = Input;
    type Output = Empty;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Empty> {
        load_balancers::delete(call, grant, Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?).await?;
        Ok(Empty {})
    }
}
