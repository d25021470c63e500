//! `CreateTargetGroup`: makes a target group of addresses or instances that speak HTTP/1.1.
//!
//! AWS has no TCP health checks for such groups; here they may have them.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, need_to_make};
use crate::checks;
use crate::error::{Error, Result};
use crate::ops::modify_target_group::Matcher;
use crate::shapes::TargetGroup;
use crate::tags::{self, Tag};
use crate::target_groups::{self, HealthCheck, HealthCheckInput, Settings};

/// The operation.
pub(crate) struct CreateTargetGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    protocol: Option<String>,
    protocol_version: Option<String>,
    port: Option<i64>,
    vpc_id: Option<String>,
    health_check_protocol: Option<String>,
    health_check_port: Option<String>,
    health_check_enabled: Option<bool>,
    health_check_path: Option<String>,
    health_check_interval_seconds: Option<i64>,
    health_check_timeout_seconds: Option<i64>,
    healthy_threshold_count: Option<i64>,
    unhealthy_threshold_count: Option<i64>,
    matcher: Option<Matcher>,
    target_type: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    ip_address_type: Option<String>,
    target_control_port: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    target_groups: Vec<TargetGroup>,
}

impl Operation for CreateTargetGroup {
    type Call = Call;
    const NAME: &'static str = "CreateTargetGroup";
    const ACTION: &'static str = "elasticloadbalancing:CreateTargetGroup";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        checks::name(Kind::TargetGroup, &input.name)?;
        tags::check(&input.tags)?;
        let need = |action| need_to_make(&call.ctx.registry, Kind::TargetGroup, &input.name, action);
        Ok(tags::needs_to_make(need, Self::ACTION, &input.tags))
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let (target_type, ip_address_type) = kinds(&input)?;
        let port = input.port.ok_or_else(|| Error::Validation("A port must be specified".to_owned()))?;
        let matcher = input.matcher.unwrap_or_default();
        let health_check = HealthCheck::default().with(HealthCheckInput {
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
        })?;
        let port = checks::port("port", port)?;
        checks::length("vpcId", input.vpc_id.as_deref().unwrap_or("-"), 1..=128)?;
        let settings = Settings { port, target_type, vpc_id: input.vpc_id, ip_address_type, health_check };
        let found = target_groups::create(call, grant, &input.name, settings, input.tags).await?;
        Ok(Output { target_groups: vec![found.into()] })
    }
}

/// The kind of targets, and of their addresses.
fn kinds(input: &Input) -> Result<(String, String)> {
    let invalid = |message: &str| Err(Error::InvalidConfigurationRequest(message.to_owned()));
    let target_type = input.target_type.as_deref().unwrap_or("instance");
    checks::one_of("targetType", target_type, &["instance", "ip", "lambda", "alb"])?;
    if !matches!(target_type, "instance" | "ip") {
        return invalid("Targets must be of the type 'instance' or 'ip'");
    }
    match input.protocol.as_deref() {
        None => return Err(Error::Validation("A protocol must be specified".to_owned())),
        Some("HTTP") => {}
        Some(protocol) => {
            let known = ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"];
            checks::one_of("protocol", protocol, &known)?;
            return Err(Error::UnsupportedProtocol(format!(
                "Target groups with the protocol '{protocol}' are not supported; use HTTP"
            )));
        }
    }
    let version = input.protocol_version.as_deref().unwrap_or("HTTP1");
    checks::one_of("protocolVersion", version, &["HTTP1", "HTTP2", "GRPC"])?;
    if version != "HTTP1" {
        return invalid("Targets are asked in the protocol version 'HTTP1' alone");
    }
    if input.target_control_port.is_some() {
        return invalid("Target control ports are not supported");
    }
    let ip_address_type = input.ip_address_type.as_deref().unwrap_or("ipv4");
    checks::one_of("ipAddressType", ip_address_type, &["ipv4", "ipv6"])?;
    Ok((target_type.to_owned(), ip_address_type.to_owned()))
}
