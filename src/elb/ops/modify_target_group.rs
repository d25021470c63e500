//! `ModifyTargetGroup`: changes how the targets of a group are checked.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::error::{Error, Result};
use crate::shapes::TargetGroup;
use crate::target_groups::{self, HealthCheckInput};

/// The operation.
pub(crate) struct ModifyTargetGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    target_group_arn: String,
    health_check_protocol: Option<String>,
    health_check_port: Option<String>,
    health_check_enabled: Option<bool>,
    health_check_path: Option<String>,
    health_check_interval_seconds: Option<i64>,
    health_check_timeout_seconds: Option<i64>,
    healthy_threshold_count: Option<i64>,
    unhealthy_threshold_count: Option<i64>,
    matcher: Option<Matcher>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    target_groups: Vec<TargetGroup>,
}

impl Operation for ModifyTargetGroup {
    type Call = Call;
    const NAME: &'static str = "ModifyTargetGroup";
    const ACTION: &'static str = "elasticloadbalancing:ModifyTargetGroup";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::TargetGroup, &input.target_group_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let group = Named::read(Kind::TargetGroup, &input.target_group_arn)?;
        let matcher = input.matcher.unwrap_or_default();
        let changes = HealthCheckInput {
            protocol: input.health_check_protocol,
            port: input.health_check_port,
            enabled: input.health_check_enabled,
            path: input.health_check_path,
            interval: input.health_check_interval_seconds,
            timeout: input.health_check_timeout_seconds,
            healthy: input.healthy_threshold_count,
            unhealthy: input.unhealthy_threshold_count,
            http_code: matcher.http_code,
            grpc_code: matcher.grpc_code,
        };
        Ok(Output { target_groups: vec![target_groups::modify(call, grant, group, changes).await?.into()] })
    }
}

/// Which answers are a success.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Matcher {
    /// Statuses of HTTP.
    pub(crate) http_code: Option<String>,
    /// Statuses of gRPC.
    pub(crate) grpc_code: Option<String>,
}
