//! `DescribeCapacityReservation`: the reserved capacity of a load balancer, of which there is none.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeCapacityReservation.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::load_balancers;

/// The operation.
pub(crate) struct DescribeCapacityReservation;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    decrease_requests_remaining: u32,
    capacity_reservation_state: Vec<String>,
}

impl Operation for DescribeCapacityReservation {
    type Call = Call;
    const NAME: &'static str = "DescribeCapacityReservation";
    const ACTION: &'static str = "elasticloadbalancing:DescribeCapacityReservation";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        load_balancers::check(call, &Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?).await?;
        Ok(Output { decrease_requests_remaining: 0, capacity_reservation_state: Vec::new() })
    }
}
