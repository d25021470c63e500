//! Listeners: the ports of load balancers. The default actions of a listener are its default rule.

use app::Grant;
use app::api::Call;
use serde::{Deserialize, Serialize};
use store::listener_rules::ListenerRuleRow;
use store::listeners::ListenerRow;
use store::load_balancers::LoadBalancerRow;
use store::{Conn, listener_rules, listener_states, listeners, load_balancing_tags, target_group_uses};

use crate::actions::Action;
use crate::arns::{Kind, Named, new_id};
use crate::attributes::{Attribute, Attributes, LISTENER};
use crate::change::{change, read, stored};
use crate::error::{Error, Quota, Result};
use crate::paging::Paging;
use crate::rules::{self, DEFAULT_PRIORITY};
use crate::tags::{self, Tag};
use crate::{checks, lookup};

/// The policy that is shown when none was chosen. Which versions and ciphers there are is up to the program.
const TLS_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// What a listener is, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Settings {
    pub(crate) protocol: String,
    pub(crate) certificates: Vec<String>,
    pub(crate) ssl_policy: Option<String>,
}

impl Settings {
    /// What a request says, checked.
    pub(crate) fn new(
        call: &Call,
        protocol: &str,
        certificates: Vec<String>,
        ssl_policy: Option<String>,
    ) -> Result<Self> {
        match protocol {
            "HTTP" if !certificates.is_empty() => {
                Err(Error::Validation("A certificate cannot be specified for HTTP listeners".to_owned()))
            }
            "HTTP" if ssl_policy.is_some() => {
                Err(Error::Validation("An SSL policy cannot be specified for HTTP listeners".to_owned()))
            }
            "HTTP" => Ok(Self { protocol: protocol.to_owned(), certificates, ssl_policy }),
            "HTTPS" if !call.ctx.app.config().balancing_tls => Err(Error::CertificateNotFound(
                "HTTPS listeners use the certificate that the operator configured, and there is none".to_owned(),
            )),
            "HTTPS" if certificates.is_empty() => {
                Err(Error::Validation("A certificate must be specified for HTTPS listeners".to_owned()))
            }
            "HTTPS" => Ok(Self {
                protocol: protocol.to_owned(),
                certificates,
                ssl_policy: Some(ssl_policy.unwrap_or_else(|| TLS_POLICY.to_owned())),
            }),
            other => {
                let known = ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"];
                checks::one_of("protocol", other, &known)?;
                Err(Error::UnsupportedProtocol(format!("Listener protocol '{other}' must be one of 'HTTP, HTTPS'")))
            }
        }
    }

    /// Whether clients speak TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.protocol == "HTTPS"
    }
}

/// A listener with its load balancer and default actions.
pub(crate) struct Found {
    pub(crate) load_balancer: LoadBalancerRow,
    pub(crate) row: ListenerRow,
    pub(crate) settings: Settings,
    pub(crate) actions: Vec<Action>,
}

/// Makes a listener. One that is there with the same settings is it.
pub(crate) async fn create(
    call: &Call,
    grant: &Grant,
    load_balancer: Named,
    port: u16,
    settings: Settings,
    actions: Vec<Action>,
    tags: Vec<Tag>,
) -> Result<Found> {
    grant.require_on("elasticloadbalancing:CreateListener", load_balancer.arn().as_str())?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let load_balancer_row = lookup::load_balancer(conn, &registry, &load_balancer).await?;
            let id = load_balancer_row.load_balancer_id.clone();
            if let Some(there) = listeners::find_on(conn, &id, u64::from(port)).await? {
                let there = found(conn, load_balancer_row, vec![there]).await?.pop().ok_or(app::Error::Internal)?;
                if there.settings != settings || there.actions != actions {
                    return Err(Error::DuplicateListener(load_balancer.arn().to_string()));
                }
                return Ok(there);
            }
            if listeners::count(conn, &id).await? >= Quota::Listeners.most() {
                return Err(Error::TooMany(Quota::Listeners));
            }
            let row = ListenerRow {
                listener_id: new_id(),
                load_balancer_id: id,
                port: u64::from(port),
                settings: stored(&settings)?,
                updated_at: now,
            };
            if !listeners::insert(conn, &row).await? {
                return Err(Error::DuplicateListener(load_balancer.arn().to_string()));
            }
            let rule = ListenerRuleRow {
                rule_id: new_id(),
                listener_id: row.listener_id.clone(),
                priority: DEFAULT_PRIORITY,
                conditions: "[]".to_owned(),
                actions: stored(&actions)?,
            };
            rules::insert(conn, &load_balancer_row, &rule, &actions).await?;
            tags::insert(conn, &row.listener_id, &tags).await?;
            Ok(Found { load_balancer: load_balancer_row, row, settings, actions })
        })
    })
    .await
}

/// Adds to rows of one load balancer what they do not say.
async fn found(conn: &mut Conn, load_balancer: LoadBalancerRow, rows: Vec<ListenerRow>) -> Result<Vec<Found>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.listener_id.as_str()).collect();
    let defaults = listener_rules::list_at(conn, &ids, DEFAULT_PRIORITY).await?;
    let with_actions = |row: ListenerRow| {
        let rule = defaults.iter().find(|rule| rule.listener_id == row.listener_id);
        let actions = rule.map(|rule| read(&rule.actions)).transpose()?.unwrap_or_default();
        Ok(Found { load_balancer: load_balancer.clone(), settings: read(&row.settings)?, actions, row })
    };
    rows.into_iter().map(with_actions).collect()
}

/// Which listeners are to be shown.
pub(crate) enum Which {
    Of(Named),
    Arns(Vec<Named>),
}

/// A page of listeners, by their ports.
pub(crate) async fn list(
    call: &Call,
    grant: &Grant,
    which: Which,
    paging: Paging<u64>,
) -> Result<(Vec<Found>, Option<String>)> {
    grant.require("elasticloadbalancing:DescribeListeners")?;
    let registry = &call.ctx.registry;
    let mut conn = call.ctx.app.db().reader().await?;
    let conn = &mut conn;
    match which {
        Which::Of(load_balancer) => {
            let load_balancer = lookup::load_balancer(conn, registry, &load_balancer).await?;
            let after = paging.after.unwrap_or_default();
            let rows = listeners::list_page(conn, &load_balancer.load_balancer_id, after, paging.wanted()).await?;
            let (rows, marker) = paging.page(call, rows, |row| row.port)?;
            Ok((found(conn, load_balancer, rows).await?, marker))
        }
        Which::Arns(arns) => {
            let mut all = Vec::with_capacity(arns.len());
            for arn in arns {
                let (load_balancer, row) = lookup::listener(conn, registry, &arn).await?;
                all.extend(found(conn, load_balancer, vec![row]).await?);
            }
            Ok((all, None))
        }
    }
}

/// What is changed of a listener.
pub(crate) struct Change {
    pub(crate) port: Option<u16>,
    pub(crate) protocol: Option<String>,
    pub(crate) certificates: Option<Vec<String>>,
    pub(crate) ssl_policy: Option<String>,
    pub(crate) actions: Option<Vec<Action>>,
}

/// Changes a listener.
pub(crate) async fn modify(call: &Call, grant: &Grant, listener: Named, wanted: Change) -> Result<Found> {
    grant.require_on("elasticloadbalancing:ModifyListener", listener.arn().as_str())?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    // What it is after the change depends on what it was, and is checked against the settings of the program.
    let before = {
        let mut conn = call.ctx.app.db().reader().await?;
        lookup::listener(&mut conn, &registry, &listener).await?.1
    };
    let settings: Settings = read(&before.settings)?;
    let protocol = wanted.protocol.unwrap_or(settings.protocol);
    let tls = protocol == "HTTPS";
    let certificates = wanted.certificates.unwrap_or(if tls { settings.certificates } else { Vec::new() });
    let ssl_policy = wanted.ssl_policy.or(settings.ssl_policy.filter(|_| tls));
    let settings = Settings::new(call, &protocol, certificates, ssl_policy)?;
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let (load_balancer, mut row) = lookup::listener(conn, &registry, &listener).await?;
            let port = wanted.port.map_or(row.port, u64::from);
            let protocol_before = read::<Settings>(&row.settings)?.protocol;
            if port != row.port || settings.protocol != protocol_before {
                row.updated_at = now;
                listener_states::delete(conn, &row.listener_id).await?;
            }
            (row.port, row.settings) = (port, stored(&settings)?);
            if !listeners::update(conn, &row).await? {
                return Err(Error::DuplicateListener(listener.load_balancer().arn().to_string()));
            }
            if let Some(actions) = wanted.actions {
                let default = listener_rules::list_at(conn, &[&row.listener_id], DEFAULT_PRIORITY).await?.pop();
                let default = default.ok_or(app::Error::Internal)?;
                rules::update(conn, &load_balancer, &default, &default.conditions, &actions).await?;
            }
            found(conn, load_balancer, vec![row]).await?.pop().ok_or_else(|| app::Error::Internal.into())
        })
    })
    .await
}

/// Removes a listener with its rules.
pub(crate) async fn delete(call: &Call, grant: &Grant, listener: Named) -> Result<()> {
    grant.require_on("elasticloadbalancing:DeleteListener", listener.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let (_, row) = lookup::listener(conn, &registry, &listener).await?;
            remove(conn, &row.listener_id).await
        })
    })
    .await
}

/// Removes a listener with all that belongs to it.
pub(crate) async fn remove(conn: &mut Conn, listener_id: &str) -> Result<()> {
    let most = usize::try_from(Quota::Rules.most()).unwrap_or(usize::MAX) + 1;
    for rule in listener_rules::list_page(conn, listener_id, 0, most).await? {
        target_group_uses::delete(conn, &rule.rule_id).await?;
        load_balancing_tags::delete_all(conn, &rule.rule_id).await?;
        listener_rules::delete(conn, &rule.rule_id).await?;
    }
    listener_states::delete(conn, listener_id).await?;
    load_balancing_tags::delete_all(conn, listener_id).await?;
    listeners::delete(conn, listener_id).await?;
    Ok(())
}

/// The attributes of a listener: none can be set, so they are the defaults.
pub(crate) async fn attributes(call: &Call, grant: &Grant, listener: &Named) -> Result<Vec<Attribute>> {
    grant.require("elasticloadbalancing:DescribeListenerAttributes")?;
    let mut conn = call.ctx.app.db().reader().await?;
    lookup::listener(&mut conn, &call.ctx.registry, listener).await?;
    Ok(Attributes::default().list(LISTENER))
}

/// Sets attributes of a listener, to what they are.
pub(crate) async fn set_attributes(
    call: &Call,
    grant: &Grant,
    listener: &Named,
    changes: Vec<Attribute>,
) -> Result<Vec<Attribute>> {
    grant.require_on("elasticloadbalancing:ModifyListenerAttributes", listener.arn().as_str())?;
    let mut conn = call.ctx.app.db().reader().await?;
    lookup::listener(&mut conn, &call.ctx.registry, listener).await?;
    let mut attributes = Attributes::default();
    attributes.set(LISTENER, changes)?;
    Ok(attributes.list(LISTENER))
}

/// The ARN of a listener.
pub(crate) fn arn(load_balancer: &LoadBalancerRow, listener_id: &str) -> String {
    let ids = [load_balancer.load_balancer_id.as_str(), listener_id];
    Named::new(&load_balancer.registry, Kind::Listener, &load_balancer.name, &ids).arn().to_string()
}
