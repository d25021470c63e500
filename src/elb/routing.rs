//! What a balancer has to do, as plain values: which ports to listen on, which request goes to which target, and how targets
//! are checked. Read from the rows as a whole whenever the stamp has moved; nothing here is asked during a request.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use app::App;
use store::target_groups::TargetGroupRow;
use store::{Conn, Pending, listener_rules, listeners, load_balancers, stamps, target_groups, targets};
use types::{RegistryId, Timestamp};

use crate::actions;
use crate::arns::{Kind, Named};
use crate::attributes::{Attributes, LOAD_BALANCER, TARGET_GROUP};
use crate::change::read;
use crate::conditions::RuleCondition;
use crate::error::{Error, Result};
use crate::listeners::Settings as ListenerSettings;
use crate::target_groups::Settings as TargetGroupSettings;

/// Everything that balancers do.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The stamp that it was read at.
    pub version: i64,
    /// The listeners, those first that were there first: of two on one port the first has it.
    pub listeners: Vec<Listener>,
    /// The target groups by their ids.
    pub target_groups: BTreeMap<String, TargetGroup>,
}

/// A load balancer, as far as requests are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// `app/<name>/<id>`, as metrics call it.
    pub name: String,
    /// How long nothing may happen to a request.
    pub idle_timeout: Duration,
    /// What becomes of `X-Forwarded-For`.
    pub forwarded_for: ForwardedFor,
    /// Whether that has the port of the client too.
    pub client_port: bool,
    /// Whether header fields with unusual names are left out.
    pub drop_invalid_headers: bool,
}

/// What becomes of `X-Forwarded-For`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedFor {
    /// The client is added.
    Append,
    /// It stays as it came.
    Preserve,
    /// It is removed.
    Remove,
}

/// A port to listen on.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Names it.
    pub id: String,
    /// Whose it is.
    pub load_balancer: Arc<LoadBalancer>,
    /// The port.
    pub port: u16,
    /// Whether clients speak TLS.
    pub tls: bool,
    /// In the order in which they are tried; the last one has no conditions.
    pub rules: Arc<[Rule]>,
}

/// What to do with which requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// What is done.
    pub action: Action,
}

/// What a request must be like. One of the patterns must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The host, whatever the case of its letters.
    Host(Vec<String>),
    /// The path.
    Path(Vec<String>),
    /// A header field, whatever the case of its letters.
    Header {
        /// Its name.
        name: String,
        /// Patterns of its value.
        values: Vec<String>,
    },
    /// A pair of the query, whatever the case of its letters; without a key, any.
    Query(Vec<(Option<String>, String)>),
    /// The method itself.
    Method(Vec<String>),
    /// The address of the client.
    Source(Vec<Network>),
}

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `10.0.0.0/8` or `fd00::/8`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
        (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some(Self { address, bits })
    }

    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, other, length) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (u128::from(own.to_bits()), u128::from(other.to_bits()), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        // A shift by the whole width is none to Rust.
        self.bits == 0 || (own ^ other) >> (length - u32::from(self.bits)) == 0
    }
}

/// What is done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It goes to a target of one of these groups.
    Forward {
        /// Ids of target groups with their shares.
        groups: Vec<(String, u32)>,
        /// For how long a client stays with a group.
        stickiness: Option<Duration>,
    },
    /// The client is sent elsewhere; `#{…}` stands for a part of the request.
    Redirect {
        /// HTTP or HTTPS.
        protocol: String,
        /// The host.
        host: String,
        /// The port.
        port: String,
        /// The path, which begins with a slash.
        path: String,
        /// The query.
        query: String,
        /// 301 rather than 302.
        permanent: bool,
    },
    /// It is answered here.
    FixedResponse {
        /// The status.
        status: u16,
        /// What the body is.
        content_type: Option<String>,
        /// The body.
        body: String,
    },
}

/// A target group.
#[derive(Debug, Clone)]
pub struct TargetGroup {
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// Names it.
    pub id: String,
    /// `targetgroup/<name>/<id>`, as metrics call it.
    pub name: String,
    /// Whether a rule forwards to it. If none does, its targets are not checked.
    pub used: bool,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// For how long a client stays with a target.
    pub stickiness: Option<Duration>,
    /// Whether the target with the fewest requests is next, rather than the next one in turn.
    pub least_outstanding: bool,
    /// Its targets.
    pub targets: Vec<Target>,
}

/// How targets are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// The path that is asked for; none: it is enough that a connection is made.
    pub path: Option<String>,
    /// Another port than that of the target.
    pub port: Option<u16>,
    /// How often.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How many must succeed in a row after failures.
    pub healthy_threshold: u32,
    /// How many must fail in a row.
    pub unhealthy_threshold: u32,
    /// The statuses that are a success.
    pub matcher: Vec<RangeInclusive<u16>>,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// An address, or the id of an instance.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// Where it is.
    pub address: IpAddr,
    /// When it was registered: one that is registered again is another one.
    pub registered_at: Timestamp,
    /// Whether it gets no new requests.
    pub draining: bool,
}

/// Reads everything, as it was at one moment, unless it is as it was at `known`.
pub async fn load(app: &App, known: Option<i64>) -> Result<Option<Table>> {
    let version = stamps::find(&mut app.db().reader().await?, stamps::LOAD_BALANCING).await?.unwrap_or_default();
    if known == Some(version) {
        return Ok(None);
    }
    // A listener that is made between two statements would be without the rules that were made with it.
    let table = app.db().read(|conn| Box::pin(read_table(conn)) as Pending<'_, Table, Error>).await?;
    Ok(Some(table))
}

async fn read_table(conn: &mut Conn) -> Result<Table> {
    let version = stamps::find(conn, stamps::LOAD_BALANCING).await?.unwrap_or_default();
    let mut table = Table { version, ..Table::default() };
    if version == 0 {
        return Ok(table);
    }
    table.listeners = read_listeners(conn).await?;
    let forwards =
        table.listeners.iter().flat_map(|listener| listener.rules.iter()).filter_map(|rule| match &rule.action {
            Action::Forward { groups, .. } => Some(groups),
            Action::Redirect { .. } | Action::FixedResponse { .. } => None,
        });
    let used: HashSet<&str> = forwards.flatten().map(|(id, _)| id.as_str()).collect();
    let mut by_group: HashMap<String, Vec<Target>> = HashMap::new();
    for row in targets::list_all(conn).await? {
        let (Ok(address), Ok(port)) = (row.address.parse(), u16::try_from(row.port)) else {
            continue;
        };
        by_group.entry(row.target_group_id).or_default().push(Target {
            id: row.target_id,
            port,
            address,
            registered_at: row.registered_at,
            draining: row.draining_until.is_some(),
        });
    }
    for row in target_groups::list_all(conn).await? {
        let targets = by_group.remove(&row.target_group_id).unwrap_or_default();
        let group = target_group(&row, used.contains(row.target_group_id.as_str()), targets)?;
        table.target_groups.insert(row.target_group_id, group);
    }
    Ok(table)
}

async fn read_listeners(conn: &mut Conn) -> Result<Vec<Listener>> {
    let mut rules: HashMap<String, Vec<Rule>> = HashMap::new();
    for row in listener_rules::list_all(conn).await? {
        let conditions: Vec<RuleCondition> = read(&row.conditions)?;
        let actions: Vec<actions::Action> = read(&row.actions)?;
        let Some(action) = actions.first().and_then(actions::Action::meaning) else {
            continue;
        };
        let conditions = conditions.iter().filter_map(RuleCondition::meaning).collect();
        // They come in the order of their priorities.
        rules.entry(row.listener_id).or_default().push(Rule { conditions, action });
    }
    let mut load_balancers_by_id = HashMap::new();
    for row in load_balancers::list_all(conn).await? {
        let attributes = Attributes::stored(&row.attributes)?;
        let is_on = |key| attributes.is_on(LOAD_BALANCER, key);
        let load_balancer = LoadBalancer {
            registry: row.registry.clone(),
            name: format!("app/{}/{}", row.name, row.load_balancer_id),
            idle_timeout: Duration::from_secs(attributes.number(LOAD_BALANCER, "idle_timeout.timeout_seconds")),
            forwarded_for: match attributes.get(LOAD_BALANCER, "routing.http.xff_header_processing.mode") {
                "preserve" => ForwardedFor::Preserve,
                "remove" => ForwardedFor::Remove,
                _ => ForwardedFor::Append,
            },
            client_port: is_on("routing.http.xff_client_port.enabled"),
            drop_invalid_headers: is_on("routing.http.drop_invalid_header_fields.enabled"),
        };
        load_balancers_by_id.insert(row.load_balancer_id, Arc::new(load_balancer));
    }
    let mut rows = listeners::list_all(conn).await?;
    rows.sort_by(|one, other| (one.updated_at, &one.listener_id).cmp(&(other.updated_at, &other.listener_id)));
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let settings: ListenerSettings = read(&row.settings)?;
        let (Some(load_balancer), Ok(port)) =
            (load_balancers_by_id.get(&row.load_balancer_id), u16::try_from(row.port))
        else {
            continue;
        };
        found.push(Listener {
            load_balancer: Arc::clone(load_balancer),
            port,
            tls: settings.is_tls(),
            rules: rules.remove(&row.listener_id).unwrap_or_default().into(),
            id: row.listener_id,
        });
    }
    Ok(found)
}

fn target_group(row: &TargetGroupRow, used: bool, targets: Vec<Target>) -> Result<TargetGroup> {
    let settings: TargetGroupSettings = read(&row.settings)?;
    let attributes = Attributes::stored(&row.attributes)?;
    let seconds = |key| Duration::from_secs(attributes.number(TARGET_GROUP, key));
    let sticky = attributes.is_on(TARGET_GROUP, "stickiness.enabled");
    Ok(TargetGroup {
        registry: row.registry.clone(),
        id: row.target_group_id.clone(),
        name: Named::new(&row.registry, Kind::TargetGroup, &row.name, &[&row.target_group_id]).resource(),
        used,
        health_check: settings.health_check.meaning(),
        stickiness: sticky.then(|| seconds("stickiness.lb_cookie.duration_seconds")),
        least_outstanding: attributes.get(TARGET_GROUP, "load_balancing.algorithm.type")
            == "least_outstanding_requests",
        targets,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses() {
        let contains =
            |network: &str, address: &str| Network::parse(network).unwrap().contains(address.parse().unwrap());
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("0.0.0.0/0", "1.2.3.4") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("192.168.1.7/32", "192.168.1.7") && !contains("192.168.1.7/32", "192.168.1.6"));
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(contains("fd00::/8", "fdff::1") && !contains("fd00::/8", "fe00::1"));
        assert!(contains("::/0", "::1") && contains("::1/128", "::1"));
        for text in ["10.0.0.0", "10.0.0.0/33", "::/129", "x/8", "10.0.0.0/-1"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
