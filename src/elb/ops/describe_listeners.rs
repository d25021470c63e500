//! `DescribeListeners`: the listeners of a load balancer, or some by their ARNs.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::listeners::{self, Which};
use crate::ops;
use crate::paging::Paging;
use crate::shapes::Listener;

/// The operation.
pub(crate) struct DescribeListeners;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: Option<String>,
    #[serde(default)]
    listener_arns: Vec<String>,
    marker: Option<String>,
    page_size: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    listeners: Vec<Listener>,
    next_marker: Option<String>,
}

impl Operation for DescribeListeners {
    type Call = Call;
    const NAME: &'static str = "DescribeListeners";
    const ACTION: &'static str = "elasticloadbalancing:DescribeListeners";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        ops::check_count(input.listener_arns.len())?;
        let subject = format!("{} {}", Self::NAME, input.load_balancer_arn.as_deref().unwrap_or_default());
        let which = match (input.load_balancer_arn, input.listener_arns.is_empty()) {
            (Some(arn), true) => Which::Of(Named::read(Kind::LoadBalancer, &arn)?),
            (None, false) => Which::Arns(Named::read_all(Kind::Listener, &input.listener_arns)?),
            _ => {
                let message = "You must specify either listener ARNs or a load balancer ARN";
                return Err(Error::Validation(message.to_owned()));
            }
        };
        let paging = Paging::read(call, &subject, input.marker.as_deref(), input.page_size)?;
        let (found, next_marker) = listeners::list(call, grant, which, paging).await?;
        Ok(Output { listeners: found.into_iter().map(Into::into).collect(), next_marker })
    }
}
