//! Targets: registered by clients of the API, or by the runner of containers for its tasks.

use std::net::IpAddr;
use std::time::Duration;

use app::api::Call;
use app::{App, Grant};
use serde::{Deserialize, Serialize};
use store::target_groups::TargetGroupRow;
use store::targets::TargetRow;
use store::{Conn, target_group_uses, target_health, targets};
use types::RegistryId;

use crate::arns::{Kind, Named};
use crate::attributes::{Attributes, TARGET_GROUP};
use crate::change::{change, read};
use crate::error::{Error, Quota, Result};
use crate::health::{self, Health, State};
use crate::target_groups::Settings;
use crate::{checks, lookup};

/// The most targets of one call.
const MOST: usize = 200;

/// A target on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetDescription {
    pub(crate) id: String,
    pub(crate) port: Option<i64>,
    pub(crate) availability_zone: Option<String>,
}

/// A target that the runner of containers registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// What it is called: its address, or the id of an instance.
    pub id: String,
    /// Where it is.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
}

/// A target with its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetHealth {
    /// What it is called.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// Where it is, as it was given.
    pub availability_zone: Option<String>,
    /// The port that is checked.
    pub health_check_port: String,
    /// How it is.
    pub health: Health,
}

/// Registers a target of a group, by the ARN of that. One that is registered already stays as it is.
pub async fn register(app: &App, target_group_arn: &str, target: Registration) -> Result<()> {
    let group = Named::read(Kind::TargetGroup, target_group_arn)?;
    let Registration { id, address, port } = target;
    insert(app, group.registry.clone(), group, vec![(id, Some(address), Some(port), None)]).await
}

/// Lets a target of a group drain: it gets no new requests, and is gone when nothing is under way any more or the delay of
/// the group is over. One that is not registered is passed over.
pub async fn deregister(app: &App, target_group_arn: &str, id: &str, port: u16) -> Result<()> {
    let group = Named::read(Kind::TargetGroup, target_group_arn)?;
    drain(app, group.registry.clone(), group, vec![(id.to_owned(), Some(port))]).await
}

/// The targets of a group with their health; those that are gone are not among them.
pub async fn health(app: &App, target_group_arn: &str) -> Result<Vec<TargetHealth>> {
    let group = Named::read(Kind::TargetGroup, target_group_arn)?;
    let mut conn = app.db().reader().await?;
    let row = lookup::target_group(&mut conn, &group.registry, &group).await?;
    describe(app, &mut conn, &row).await
}

/// Registers targets for a client.
pub(crate) async fn register_all(
    call: &Call,
    grant: &Grant,
    group: Named,
    wanted: Vec<TargetDescription>,
) -> Result<()> {
    grant.require_on("elasticloadbalancing:RegisterTargets", group.arn().as_str())?;
    let wanted = wanted.into_iter().map(|target| {
        let port = target.port.map(|port| checks::port("port", port)).transpose()?;
        Ok((target.id, None, port, target.availability_zone))
    });
    let wanted = wanted.collect::<Result<Vec<_>>>()?;
    check_count(wanted.len())?;
    insert(&call.ctx.app, call.ctx.registry.clone(), group, wanted).await
}

/// Lets targets drain for a client.
pub(crate) async fn deregister_all(
    call: &Call,
    grant: &Grant,
    group: Named,
    wanted: Vec<TargetDescription>,
) -> Result<()> {
    grant.require_on("elasticloadbalancing:DeregisterTargets", group.arn().as_str())?;
    let wanted = wanted.into_iter().map(|target| {
        let port = target.port.map(|port| checks::port("port", port)).transpose()?;
        Ok((target.id, port))
    });
    let wanted = wanted.collect::<Result<Vec<_>>>()?;
    check_count(wanted.len())?;
    drain(&call.ctx.app, call.ctx.registry.clone(), group, wanted).await
}

/// The health of all targets of a group, or of those that a client names.
pub(crate) async fn health_of(
    call: &Call,
    grant: &Grant,
    group: &Named,
    named: Vec<TargetDescription>,
) -> Result<Vec<TargetHealth>> {
    grant.require("elasticloadbalancing:DescribeTargetHealth")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let row = lookup::target_group(&mut conn, &call.ctx.registry, group).await?;
    let settings: Settings = read(&row.settings)?;
    let found = describe(&call.ctx.app, &mut conn, &row).await?;
    if named.is_empty() {
        return Ok(found);
    }
    check_count(named.len())?;
    let one = |target: TargetDescription| {
        let port = target.port.map_or(Ok(settings.port), |port| checks::port("port", port))?;
        let registered = found.iter().find(|other| other.id == target.id && other.port == port);
        Ok(registered.cloned().unwrap_or_else(|| TargetHealth {
            health_check_port: check_port(&settings, port),
            id: target.id,
            port,
            availability_zone: target.availability_zone,
            health: Health::because(State::Unused, "Target.NotRegistered"),
        }))
    };
    named.into_iter().map(one).collect()
}

fn check_count(count: usize) -> Result<()> {
    match count {
        0 => Err(Error::Validation("A target must be specified".to_owned())),
        count if count > MOST => Err(Error::Validation(format!("A call can only have '{MOST}' targets"))),
        _ => Ok(()),
    }
}

fn check_port(settings: &Settings, port: u16) -> String {
    match settings.health_check.port.as_str() {
        "traffic-port" => port.to_string(),
        other => other.to_owned(),
    }
}

async fn describe(app: &App, conn: &mut Conn, row: &TargetGroupRow) -> Result<Vec<TargetHealth>> {
    let settings: Settings = read(&row.settings)?;
    let id = row.target_group_id.as_str();
    let used = !target_group_uses::list_load_balancers(conn, &[id]).await?.is_empty();
    let present = health::present(conn, app.now()).await?;
    let found = target_health::list(conn, id).await?;
    let now = app.now();
    let rows = targets::list(conn, id).await?;
    // One whose time is up is gone, whether or not a balancer has removed it.
    let rows = rows.into_iter().filter(|target| target.draining_until.is_none_or(|until| until > now));
    let shown = rows.map(|target| {
        let its: Vec<_> =
            found.iter().filter(|row| (&row.target_id, row.port) == (&target.target_id, target.port)).collect();
        let port = u16::try_from(target.port).unwrap_or_default();
        TargetHealth {
            health_check_port: check_port(&settings, port),
            health: health::combined(used, target.draining_until.is_some(), &present, &its),
            id: target.target_id,
            port,
            availability_zone: target.availability_zone,
        }
    });
    Ok(shown.collect())
}

/// A target to be: its name, where it is if that is known, its port, its zone.
type Wanted = (String, Option<IpAddr>, Option<u16>, Option<String>);

async fn insert(app: &App, registry: RegistryId, group: Named, wanted: Vec<Wanted>) -> Result<()> {
    let (now, loopback) = (app.now(), app.config().outbound.loopback);
    change(app, move |conn| {
        Box::pin(async move {
            let row = lookup::target_group(conn, &registry, &group).await?;
            let settings: Settings = read(&row.settings)?;
            let there = targets::list(conn, &row.target_group_id).await?;
            for (id, address, port, availability_zone) in wanted {
                let address = match address {
                    Some(address) => address,
                    None => address_of(&settings, &id, loopback)?,
                };
                let target = TargetRow {
                    target_group_id: row.target_group_id.clone(),
                    target_id: id,
                    port: u64::from(port.unwrap_or(settings.port)),
                    address: address.to_string(),
                    availability_zone,
                    registered_at: now,
                    draining_until: None,
                };
                let drains = |other: &TargetRow| {
                    other.draining_until.is_some() && (&other.target_id, other.port) == (&target.target_id, target.port)
                };
                if there.iter().any(drains) {
                    // What was found out about it was before it is registered again.
                    target_health::delete(conn, &target.target_group_id, &target.target_id, target.port).await?;
                }
                targets::upsert(conn, &target).await?;
            }
            if targets::count(conn, &row.target_group_id).await? > Quota::Targets.most() {
                return Err(Error::TooMany(Quota::Targets));
            }
            Ok(())
        })
    })
    .await
}

/// Where a target is that a client names. Whoever registers one makes this program ask it, so it must not be what only this
/// program can reach.
fn address_of(settings: &Settings, id: &str, loopback: bool) -> Result<IpAddr> {
    let shown: String = id.chars().filter(|character| !character.is_control()).take(256).collect();
    if settings.target_type == "instance" {
        // The runner knows where its instances are, and registers what runs there.
        return Err(Error::InvalidTarget(format!(
            "The following targets are not in a running state and cannot be registered: '{shown}'"
        )));
    }
    let Ok(address) = id.parse::<IpAddr>() else {
        return Err(Error::Validation(format!("The IP address '{shown}' is not a valid IPv4 or IPv6 address")));
    };
    if is_forbidden(address, loopback) {
        return Err(Error::InvalidTarget(format!("The IP address '{shown}' cannot be a target")));
    }
    Ok(address)
}

fn is_forbidden(address: IpAddr, loopback: bool) -> bool {
    match address.to_canonical() {
        address if address.is_loopback() => !loopback,
        IpAddr::V4(address) => {
            address.octets()[0] == 0 || address.is_link_local() || address.is_multicast() || address.is_broadcast()
        }
        IpAddr::V6(address) => address.is_unspecified() || address.is_unicast_link_local() || address.is_multicast(),
    }
}

async fn drain(app: &App, registry: RegistryId, group: Named, wanted: Vec<(String, Option<u16>)>) -> Result<()> {
    let now = app.now();
    change(app, move |conn| {
        Box::pin(async move {
            let row = lookup::target_group(conn, &registry, &group).await?;
            let settings: Settings = read(&row.settings)?;
            let delay = Attributes::stored(&row.attributes)?;
            let delay = delay.number(TARGET_GROUP, "deregistration_delay.timeout_seconds");
            let until = now.after(Duration::from_secs(delay));
            for (id, port) in wanted {
                let port = u64::from(port.unwrap_or(settings.port));
                targets::update_draining(conn, &row.target_group_id, &id, port, until).await?;
            }
            Ok(())
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_this_program_can_reach_is_no_target() {
        let forbidden = |address: &str, loopback| is_forbidden(address.parse().unwrap(), loopback);
        for address in ["0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "ff02::1"] {
            assert!(forbidden(address, true), "{address}");
        }
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(forbidden(address, false) && !forbidden(address, true), "{address}");
        }
        for address in ["10.0.0.1", "192.168.7.8", "172.17.0.2", "100.64.0.1", "fd00::1"] {
            assert!(!forbidden(address, false), "{address}");
        }
    }
}
