//! How load balancers, target groups, listeners and rules look in answers.

use std::net::IpAddr;

use app::api::Call;
use aws::Iso;
use serde::Serialize;
use types::RegistryId;

use crate::actions::Action;
use crate::arns::{Kind, Named};
use crate::conditions::RuleCondition;
use crate::targets::TargetHealth;
use crate::{listeners, load_balancers, rules, target_groups};

/// A load balancer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LoadBalancer {
    load_balancer_arn: String,
    #[serde(rename = "DNSName")]
    dns_name: String,
    created_time: Iso,
    load_balancer_name: String,
    scheme: String,
    state: State,
    #[serde(rename = "Type")]
    kind: &'static str,
    availability_zones: Vec<AvailabilityZone>,
    security_groups: Vec<String>,
    ip_address_type: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    code: &'static str,
    reason: Option<String>,
}

/// A subnet in its zone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AvailabilityZone {
    zone_name: String,
    subnet_id: String,
}

impl AvailabilityZone {
    /// The subnets of a load balancer, each in a zone of its own.
    pub(crate) fn of(registry: &RegistryId, subnets: Vec<String>) -> Vec<Self> {
        let zone = |(letter, subnet_id)| Self { zone_name: format!("{}{letter}", registry.region), subnet_id };
        ('a'..='z').cycle().zip(subnets).map(zone).collect()
    }
}

/// The name under which a load balancer is reached: below the host of this installation, which has to have a record for
/// all such names. A host that is an address has no names below it, so there it is the address.
fn dns_name(host: &str, named: &Named) -> String {
    if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return host.to_owned();
    }
    format!("{}-{}.{}.elb.{host}", named.name, named.id(), named.registry.region)
}

impl LoadBalancer {
    pub(crate) fn new(call: &Call, found: load_balancers::Found) -> Self {
        let load_balancers::Found { row, settings, state } = found;
        let named = Named::new(&row.registry, Kind::LoadBalancer, &row.name, &[&row.load_balancer_id]);
        Self {
            load_balancer_arn: named.arn().to_string(),
            dns_name: dns_name(call.external_host(), &named),
            created_time: row.created_at.into(),
            scheme: settings.scheme,
            state: State { code: state.code, reason: state.reason },
            kind: "application",
            availability_zones: AvailabilityZone::of(&row.registry, settings.subnets),
            security_groups: settings.security_groups,
            ip_address_type: settings.ip_address_type,
            load_balancer_name: row.name,
        }
    }
}

/// A target group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetGroup {
    target_group_arn: String,
    target_group_name: String,
    protocol: &'static str,
    port: u16,
    vpc_id: Option<String>,
    health_check_protocol: String,
    health_check_port: String,
    health_check_enabled: bool,
    health_check_interval_seconds: i64,
    health_check_timeout_seconds: i64,
    healthy_threshold_count: i64,
    unhealthy_threshold_count: i64,
    health_check_path: Option<String>,
    matcher: Option<Matcher>,
    load_balancer_arns: Vec<String>,
    target_type: String,
    protocol_version: &'static str,
    ip_address_type: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Matcher {
    http_code: String,
}

impl From<target_groups::Found> for TargetGroup {
    fn from(found: target_groups::Found) -> Self {
        let target_group_arn = found.arn();
        let target_groups::Found { row, settings, load_balancers } = found;
        let check = settings.health_check;
        let http = check.protocol == "HTTP";
        Self {
            target_group_arn,
            target_group_name: row.name,
            protocol: "HTTP",
            port: settings.port,
            vpc_id: settings.vpc_id,
            health_check_protocol: check.protocol,
            health_check_port: check.port,
            health_check_enabled: true,
            health_check_interval_seconds: check.interval,
            health_check_timeout_seconds: check.timeout,
            healthy_threshold_count: check.healthy,
            unhealthy_threshold_count: check.unhealthy,
            health_check_path: http.then_some(check.path),
            matcher: http.then_some(Matcher { http_code: check.matcher }),
            load_balancer_arns: load_balancers,
            target_type: settings.target_type,
            protocol_version: "HTTP1",
            ip_address_type: settings.ip_address_type,
        }
    }
}

/// A listener.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Listener {
    listener_arn: String,
    load_balancer_arn: String,
    port: u64,
    protocol: String,
    certificates: Option<Vec<Certificate>>,
    ssl_policy: Option<String>,
    default_actions: Vec<Action>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Certificate {
    certificate_arn: String,
}

impl From<listeners::Found> for Listener {
    fn from(found: listeners::Found) -> Self {
        let listeners::Found { load_balancer, row, settings, actions } = found;
        let id = load_balancer.load_balancer_id.as_str();
        let of = Named::new(&load_balancer.registry, Kind::LoadBalancer, &load_balancer.name, &[id]);
        let certificates = settings.certificates.into_iter().map(|certificate_arn| Certificate { certificate_arn });
        let certificates: Vec<Certificate> = certificates.collect();
        Self {
            listener_arn: listeners::arn(&load_balancer, &row.listener_id),
            load_balancer_arn: of.arn().to_string(),
            port: row.port,
            protocol: settings.protocol,
            certificates: (!certificates.is_empty()).then_some(certificates),
            ssl_policy: settings.ssl_policy,
            default_actions: actions,
        }
    }
}

/// A rule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Rule {
    rule_arn: String,
    priority: String,
    conditions: Vec<RuleCondition>,
    actions: Vec<Action>,
    is_default: bool,
}

impl From<rules::Found> for Rule {
    fn from(found: rules::Found) -> Self {
        let is_default = found.is_default();
        Self {
            rule_arn: found.arn(),
            priority: if is_default { "default".to_owned() } else { found.row.priority.to_string() },
            conditions: found.conditions,
            actions: found.actions,
            is_default,
        }
    }
}

/// A target with its health.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetHealthDescription {
    target: Target,
    health_check_port: String,
    target_health: Health,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    id: String,
    port: u16,
    availability_zone: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    state: &'static str,
    reason: Option<&'static str>,
    description: Option<String>,
}

impl From<TargetHealth> for TargetHealthDescription {
    fn from(target: TargetHealth) -> Self {
        let TargetHealth { id, port, availability_zone, health_check_port, health } = target;
        Self {
            target: Target { id, port, availability_zone },
            health_check_port,
            target_health: Health {
                state: health.state.as_str(),
                reason: health.reason,
                description: health.description,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_below_the_host_unless_that_is_an_address() {
        let text = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/web/0123456789abcdef";
        let named = Named::parse(text).unwrap();
        assert_eq!(dns_name("wharf.example.com", &named), "web-0123456789abcdef.eu-west-1.elb.wharf.example.com");
        assert_eq!(dns_name("localhost", &named), "web-0123456789abcdef.eu-west-1.elb.localhost");
        assert_eq!(dns_name("10.0.0.5", &named), "10.0.0.5");
        assert_eq!(dns_name("[::1]", &named), "[::1]");
    }
}
