//! `DescribeLoadBalancers`: load balancers with their state.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::load_balancers::{self, Which};
use crate::ops;
use crate::paging::Paging;
use crate::shapes::LoadBalancer;

/// The operation.
pub(crate) struct DescribeLoadBalancers;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    load_balancer_arns: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    marker: Option<String>,
    page_size: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    load_balancers: Vec<LoadBalancer>,
    next_marker: Option<String>,
}

impl Operation for DescribeLoadBalancers {
    type Call = Call;
    const NAME: &'static str = "DescribeLoadBalancers";
    const ACTION: &'static str = "elasticloadbalancing:DescribeLoadBalancers";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let (arns, names) = (input.load_balancer_arns, input.names);
        ops::check_count(arns.len() + names.len())?;
        let which = match (arns.is_empty(), names.is_empty()) {
            (true, true) => Which::All,
            (true, false) => Which::Named(names),
            (false, true) => Which::Arns(Named::read_all(Kind::LoadBalancer, &arns)?),
            (false, false) => {
                return Err(Error::Validation("Specify either load balancer ARNs or names, not both".to_owned()));
            }
        };
        let paging = Paging::read(call, Self::NAME, input.marker.as_deref(), input.page_size)?;
        let (found, next_marker) = load_balancers::list(call, grant, which, paging).await?;
        let load_balancers = found.into_iter().map(|found| LoadBalancer::new(call, found)).collect();
        Ok(Output { load_balancers, next_marker })
    }
}
