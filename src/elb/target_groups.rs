//! Target groups: where requests can be forwarded to, and how targets are checked.

use std::ops::RangeInclusive;
use std::time::Duration;

use app::Grant;
use app::api::Call;
use serde::{Deserialize, Serialize};
use store::target_groups::TargetGroupRow;
use store::{Conn, load_balancing_tags, target_group_uses, target_groups, target_health, targets};

use crate::arns::{Kind, Named, need_to_make, new_id};
use crate::attributes::{Attribute, Attributes, TARGET_GROUP};
use crate::change::{change, read, stored};
use crate::error::{Error, Quota, Result};
use crate::paging::Paging;
use crate::tags::{self, Tag};
use crate::{checks, lookup, routing};

/// What a target group is, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) target_type: String,
    pub(crate) vpc_id: Option<String>,
    pub(crate) ip_address_type: String,
    pub(crate) health_check: HealthCheck,
}

/// How targets are checked, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct HealthCheck {
    pub(crate) protocol: String,
    pub(crate) port: String,
    pub(crate) path: String,
    pub(crate) interval: i64,
    pub(crate) timeout: i64,
    pub(crate) healthy: i64,
    pub(crate) unhealthy: i64,
    pub(crate) matcher: String,
}

/// What a request says about health checks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct HealthCheckInput {
    pub(crate) protocol: Option<String>,
    pub(crate) port: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) path: Option<String>,
    pub(crate) interval: Option<i64>,
    pub(crate) timeout: Option<i64>,
    pub(crate) healthy: Option<i64>,
    pub(crate) unhealthy: Option<i64>,
    pub(crate) http_code: Option<String>,
    pub(crate) grpc_code: Option<String>,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            protocol: "HTTP".to_owned(),
            port: "traffic-port".to_owned(),
            path: "/".to_owned(),
            interval: 30,
            timeout: 5,
            healthy: 5,
            unhealthy: 2,
            matcher: "200".to_owned(),
        }
    }
}

impl HealthCheck {
    /// With what a request says, checked.
    pub(crate) fn with(self, input: HealthCheckInput) -> Result<Self> {
        let protocol = input.protocol.unwrap_or(self.protocol);
        // AWS has no plain connection checks for these groups; what does not speak HTTP on its port needs them.
        if !matches!(protocol.as_str(), "HTTP" | "TCP") {
            checks::one_of(
                "healthCheckProtocol",
                &protocol,
                &["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"],
            )?;
            return Err(Error::UnsupportedProtocol(format!(
                "The health check protocol '{protocol}' is not supported; use HTTP or TCP"
            )));
        }
        if input.enabled == Some(false) {
            return Err(Error::Validation(
                "Health check enabled must be true for target groups of this type".to_owned(),
            ));
        }
        if input.grpc_code.is_some() {
            return Err(Error::Validation("The matcher must be one of HTTP codes".to_owned()));
        }
        let check = Self {
            protocol,
            port: input.port.unwrap_or(self.port),
            path: input.path.unwrap_or(self.path),
            interval: input.interval.unwrap_or(self.interval),
            timeout: input.timeout.unwrap_or(self.timeout),
            healthy: input.healthy.unwrap_or(self.healthy),
            unhealthy: input.unhealthy.unwrap_or(self.unhealthy),
            matcher: input.http_code.unwrap_or(self.matcher),
        };
        checks::range("healthCheckIntervalSeconds", Some(check.interval), 5..=300)?;
        checks::range("healthCheckTimeoutSeconds", Some(check.timeout), 2..=120)?;
        checks::range("healthyThresholdCount", Some(check.healthy), 2..=10)?;
        checks::range("unhealthyThresholdCount", Some(check.unhealthy), 2..=10)?;
        let invalid = |message: String| Err(Error::Validation(message));
        if check.timeout >= check.interval {
            return invalid("Health check interval must be greater than the timeout.".to_owned());
        }
        if check.port != "traffic-port" && !check.port.parse::<u16>().is_ok_and(|port| port > 0) {
            return invalid(format!(
                "Health check port '{}' must be 'traffic-port' or between 1 and 65535",
                check.port
            ));
        }
        let legal = check.path.starts_with('/') && check.path.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        if !legal || check.path.len() > 1024 || check.path.contains('#') {
            return invalid(format!(
                "Health check path '{}' must begin with a slash and be 1 to 1024 characters",
                check.path
            ));
        }
        if matcher(&check.matcher).is_none() {
            return invalid(format!("Health check matcher HTTP code '{}' must be within '200-499'", check.matcher));
        }
        Ok(check)
    }

    /// What it means to a balancer.
    pub(crate) fn meaning(&self) -> routing::HealthCheck {
        let seconds = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
        let count = |count: i64| u32::try_from(count).unwrap_or(1);
        routing::HealthCheck {
            path: (self.protocol == "HTTP").then(|| self.path.clone()),
            port: self.port.parse().ok(),
            interval: seconds(self.interval),
            timeout: seconds(self.timeout),
            healthy_threshold: count(self.healthy),
            unhealthy_threshold: count(self.unhealthy),
            matcher: matcher(&self.matcher).unwrap_or_default(),
        }
    }
}

/// Reads `200`, `200,301` or `200-299`.
fn matcher(text: &str) -> Option<Vec<RangeInclusive<u16>>> {
    let legal = 200..=499;
    let ranges = text.split(',').map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (legal.contains(&first) && legal.contains(&last) && first <= last).then_some(first..=last)
    });
    ranges.collect::<Option<Vec<_>>>().filter(|ranges| ranges.len() <= 100)
}

/// A target group with the ARNs of the load balancers that forward to it.
pub(crate) struct Found {
    pub(crate) row: TargetGroupRow,
    pub(crate) settings: Settings,
    pub(crate) load_balancers: Vec<String>,
}

impl Found {
    pub(crate) fn arn(&self) -> String {
        arn(&self.row)
    }
}

fn arn(row: &TargetGroupRow) -> String {
    Named::new(&row.registry, Kind::TargetGroup, &row.name, &[&row.target_group_id]).arn().to_string()
}

/// Adds what rows do not say.
async fn found(conn: &mut Conn, rows: Vec<TargetGroupRow>) -> Result<Vec<Found>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.target_group_id.as_str()).collect();
    let uses = target_group_uses::list_load_balancers(conn, &ids).await?;
    let used: Vec<&str> = uses.iter().map(|(_, load_balancer)| load_balancer.as_str()).collect();
    let by_id = store::load_balancers::list_of(conn, &used).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let its = uses.iter().filter(|(group, _)| *group == row.target_group_id);
        let rows = its.filter_map(|(_, id)| by_id.iter().find(|other| other.load_balancer_id == *id));
        let load_balancers = rows.map(|other| {
            Named::new(&other.registry, Kind::LoadBalancer, &other.name, &[&other.load_balancer_id]).arn().to_string()
        });
        let load_balancers = load_balancers.collect();
        all.push(Found { settings: read(&row.settings)?, load_balancers, row });
    }
    Ok(all)
}

/// Makes a target group. One that is there with the same settings is it.
pub(crate) async fn create(
    call: &Call,
    grant: &Grant,
    name: &str,
    settings: Settings,
    tags: Vec<Tag>,
) -> Result<Found> {
    let registry = call.ctx.registry.clone();
    let action = "elasticloadbalancing:CreateTargetGroup";
    grant.require_on(action, &need_to_make(&registry, Kind::TargetGroup, name, action).resource.arn())?;
    let row = TargetGroupRow {
        target_group_id: new_id(),
        registry,
        name: name.to_owned(),
        settings: stored(&settings)?,
        attributes: "{}".to_owned(),
        created_at: call.ctx.app.now(),
    };
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if let Some(there) = target_groups::list_named(conn, &row.registry, &[&row.name]).await?.pop() {
                if read::<Settings>(&there.settings)? != settings {
                    return Err(Error::DuplicateTargetGroupName(row.name));
                }
                return found(conn, vec![there]).await?.pop().ok_or_else(|| app::Error::Internal.into());
            }
            if target_groups::count(conn, &row.registry).await? >= Quota::TargetGroups.most() {
                return Err(Error::TooMany(Quota::TargetGroups));
            }
            if !target_groups::insert(conn, &row).await? {
                return Err(Error::DuplicateTargetGroupName(row.name));
            }
            tags::insert(conn, &row.target_group_id, &tags).await?;
            Ok(Found { row, settings, load_balancers: Vec::new() })
        })
    })
    .await
}

/// Which target groups are to be shown.
pub(crate) enum Which {
    All,
    Named(Vec<String>),
    Arns(Vec<Named>),
    Of(Named),
}

/// A page of target groups.
pub(crate) async fn list(
    call: &Call,
    grant: &Grant,
    which: Which,
    paging: Paging<String>,
) -> Result<(Vec<Found>, Option<String>)> {
    grant.require("elasticloadbalancing:DescribeTargetGroups")?;
    let registry = &call.ctx.registry;
    let mut conn = call.ctx.app.db().reader().await?;
    let conn = &mut conn;
    let after = paging.after.clone().unwrap_or_default();
    let rows = match which {
        Which::All => target_groups::list_page(conn, registry, &after, paging.wanted()).await?,
        Which::Of(load_balancer) => {
            let row = lookup::load_balancer(conn, registry, &load_balancer).await?;
            target_groups::list_used(conn, &row.load_balancer_id, &after, paging.wanted()).await?
        }
        Which::Named(names) => {
            let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
            let rows = target_groups::list_named(conn, registry, &wanted).await?;
            if let Some(missing) = names.iter().find(|name| !rows.iter().any(|row| row.name == **name)) {
                return Err(Error::TargetGroupNotFound(missing.clone()));
            }
            rows
        }
        Which::Arns(arns) => {
            let mut rows = Vec::with_capacity(arns.len());
            for arn in arns {
                rows.push(lookup::target_group(conn, registry, &arn).await?);
            }
            rows
        }
    };
    let (rows, marker) = paging.page(call, rows, |row| row.name.clone())?;
    Ok((found(conn, rows).await?, marker))
}

/// Changes how targets are checked.
pub(crate) async fn modify(call: &Call, grant: &Grant, group: Named, input: HealthCheckInput) -> Result<Found> {
    grant.require_on("elasticloadbalancing:ModifyTargetGroup", group.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let mut row = lookup::target_group(conn, &registry, &group).await?;
            let mut settings: Settings = read(&row.settings)?;
            settings.health_check = settings.health_check.with(input)?;
            row.settings = stored(&settings)?;
            target_groups::update_settings(conn, &row.target_group_id, &row.settings).await?;
            found(conn, vec![row]).await?.pop().ok_or_else(|| app::Error::Internal.into())
        })
    })
    .await
}

/// Removes a target group that no rule forwards to, with its targets.
pub(crate) async fn delete(call: &Call, grant: &Grant, group: Named) -> Result<()> {
    grant.require_on("elasticloadbalancing:DeleteTargetGroup", group.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            // As on AWS, what is not there is deleted.
            let row = match lookup::target_group(conn, &registry, &group).await {
                Ok(row) => row,
                Err(Error::TargetGroupNotFound(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            let id = row.target_group_id.as_str();
            if !target_group_uses::list_load_balancers(conn, &[id]).await?.is_empty() {
                return Err(Error::ResourceInUse(group.arn().to_string()));
            }
            target_health::delete_all(conn, id).await?;
            targets::delete_all(conn, id).await?;
            load_balancing_tags::delete_all(conn, id).await?;
            target_groups::delete(conn, id).await?;
            Ok(())
        })
    })
    .await
}

/// The attributes of a target group.
pub(crate) async fn attributes(call: &Call, grant: &Grant, group: &Named) -> Result<Vec<Attribute>> {
    grant.require("elasticloadbalancing:DescribeTargetGroupAttributes")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let row = lookup::target_group(&mut conn, &call.ctx.registry, group).await?;
    Ok(Attributes::stored(&row.attributes)?.list(TARGET_GROUP))
}

/// Sets attributes of a target group.
pub(crate) async fn set_attributes(
    call: &Call,
    grant: &Grant,
    group: Named,
    changes: Vec<Attribute>,
) -> Result<Vec<Attribute>> {
    grant.require_on("elasticloadbalancing:ModifyTargetGroupAttributes", group.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let row = lookup::target_group(conn, &registry, &group).await?;
            let mut attributes = Attributes::stored(&row.attributes)?;
            attributes.set(TARGET_GROUP, changes)?;
            target_groups::update_attributes(conn, &row.target_group_id, &attributes.document()?).await?;
            Ok(attributes.list(TARGET_GROUP))
        })
    })
    .await
}

/// What others have to know of a target group to use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// `ip` or `instance`.
    pub target_type: String,
    /// The port of targets that say none.
    pub port: u16,
    /// The ARNs of the load balancers that forward to it: none, or one.
    pub load_balancers: Vec<String>,
    /// How long a target that is deregistered may go on with what is under way.
    pub deregistration_delay: Duration,
}

/// The target group of an ARN, for the runner of containers.
pub async fn about(conn: &mut Conn, arn: &str) -> Result<About> {
    let group = Named::read(Kind::TargetGroup, arn)?;
    let row = lookup::target_group(conn, &group.registry, &group).await?;
    let attributes = Attributes::stored(&row.attributes)?;
    let deregistration_delay =
        Duration::from_secs(attributes.number(TARGET_GROUP, "deregistration_delay.timeout_seconds"));
    let found = found(conn, vec![row]).await?.pop().ok_or(app::Error::Internal)?;
    Ok(About {
        target_type: found.settings.target_type,
        port: found.settings.port,
        load_balancers: found.load_balancers,
        deregistration_delay,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read() {
        assert_eq!(matcher("200"), Some(vec![200..=200]));
        assert_eq!(matcher("200,301-304"), Some(vec![200..=200, 301..=304]));
        for text in ["", "199", "500", "200-", "300-200", "x", "200,"] {
            assert_eq!(matcher(text), None, "{text}");
        }
    }

    #[test]
    fn health_checks_are_checked() {
        let with = |input| HealthCheck::default().with(input);
        assert_eq!(with(HealthCheckInput::default()).unwrap(), HealthCheck::default());
        let faults = [
            HealthCheckInput { interval: Some(4), ..HealthCheckInput::default() },
            HealthCheckInput { interval: Some(5), timeout: Some(5), ..HealthCheckInput::default() },
            HealthCheckInput { protocol: Some("HTTPS".to_owned()), ..HealthCheckInput::default() },
            HealthCheckInput { enabled: Some(false), ..HealthCheckInput::default() },
            HealthCheckInput { path: Some("health".to_owned()), ..HealthCheckInput::default() },
            HealthCheckInput { path: Some("/a b".to_owned()), ..HealthCheckInput::default() },
            HealthCheckInput { port: Some("0".to_owned()), ..HealthCheckInput::default() },
            HealthCheckInput { http_code: Some("600".to_owned()), ..HealthCheckInput::default() },
            HealthCheckInput { unhealthy: Some(1), ..HealthCheckInput::default() },
        ];
        for input in faults {
            assert!(with(input.clone()).is_err(), "{input:?}");
        }
        let tcp = with(HealthCheckInput { protocol: Some("TCP".to_owned()), ..HealthCheckInput::default() }).unwrap();
        assert_eq!(tcp.meaning().path, None);
    }
}
