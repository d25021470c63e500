//! Load balancers: names under which listeners are kept. Subnets and security groups are accepted and shown, since clients
//! that were written for AWS have them; they have no effect.

use app::api::Call;
use app::{App, Grant};
use serde::{Deserialize, Serialize};
use store::listeners::ListenerRow;
use store::load_balancers::LoadBalancerRow;
use store::{Conn, listener_states, listeners, load_balancers, load_balancing_tags};
use types::Timestamp;

use crate::arns::{Kind, Named, need_to_make, new_id};
use crate::attributes::{Attribute, Attributes, LOAD_BALANCER};
use crate::change::{change, read, stored};
use crate::error::{Error, Quota, Result};
use crate::paging::Paging;
use crate::tags::{self, Tag};
use crate::{health, lookup};

/// How long a listener may take to be opened before it counts as one that nobody opens.
const OPENING: std::time::Duration = std::time::Duration::from_secs(15);

/// What a load balancer is, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Settings {
    pub(crate) scheme: String,
    pub(crate) ip_address_type: String,
    pub(crate) subnets: Vec<String>,
    pub(crate) security_groups: Vec<String>,
}

/// Whether it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) code: &'static str,
    pub(crate) reason: Option<String>,
}

/// A load balancer with its state.
pub(crate) struct Found {
    pub(crate) row: LoadBalancerRow,
    pub(crate) settings: Settings,
    pub(crate) state: State,
}

/// Makes a load balancer. One that is there with the same settings is it.
pub(crate) async fn create(
    call: &Call,
    grant: &Grant,
    name: &str,
    settings: Settings,
    tags: Vec<Tag>,
) -> Result<Found> {
    let registry = call.ctx.registry.clone();
    let action = "elasticloadbalancing:CreateLoadBalancer";
    grant.require_on(action, &need_to_make(&registry, Kind::LoadBalancer, name, action).resource.arn())?;
    let row = LoadBalancerRow {
        load_balancer_id: new_id(),
        registry,
        name: name.to_owned(),
        settings: stored(&settings)?,
        attributes: "{}".to_owned(),
        created_at: call.ctx.app.now(),
    };
    let row = change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if let Some(there) = load_balancers::list_named(conn, &row.registry, &[&row.name]).await?.pop() {
                if read::<Settings>(&there.settings)? != settings {
                    return Err(Error::DuplicateLoadBalancerName(row.name));
                }
                return Ok(there);
            }
            if load_balancers::count(conn, &row.registry).await? >= Quota::LoadBalancers.most() {
                return Err(Error::TooMany(Quota::LoadBalancers));
            }
            if !load_balancers::insert(conn, &row).await? {
                return Err(Error::DuplicateLoadBalancerName(row.name));
            }
            tags::insert(conn, &row.load_balancer_id, &tags).await?;
            Ok(row)
        })
    })
    .await?;
    let mut conn = call.ctx.app.db().reader().await?;
    found(&call.ctx.app, &mut conn, vec![row]).await?.pop().ok_or_else(|| app::Error::Internal.into())
}

/// Adds to rows what they do not say.
async fn found(app: &App, conn: &mut Conn, rows: Vec<LoadBalancerRow>) -> Result<Vec<Found>> {
    let now = app.now();
    let ids: Vec<&str> = rows.iter().map(|row| row.load_balancer_id.as_str()).collect();
    let all = listeners::list_of_load_balancers(conn, &ids).await?;
    let listener_ids: Vec<&str> = all.iter().map(|listener| listener.listener_id.as_str()).collect();
    let states = listener_states::list(conn, &listener_ids).await?;
    let present = health::present(conn, now).await?;
    let with_state = |row: LoadBalancerRow| {
        let its = all.iter().filter(|listener| listener.load_balancer_id == row.load_balancer_id);
        Ok(Found { settings: read(&row.settings)?, state: state(now, &present, its, &states), row })
    };
    rows.into_iter().map(with_state).collect()
}

/// The state of a load balancer, from how those that balance fared with its listeners.
fn state<'l>(
    now: Timestamp,
    present: &[String],
    its: impl Iterator<Item = &'l ListenerRow>,
    states: &[listener_states::ListenerStateRow],
) -> State {
    let (mut pending, mut impaired) = (false, None);
    for listener in its {
        let fared: Vec<_> = states
            .iter()
            .filter(|state| state.listener_id == listener.listener_id && present.contains(&state.balancer_id))
            .collect();
        let failure = fared.iter().find_map(|state| state.failure.as_ref());
        let failed = |reason: String| State { code: "failed", reason: Some(reason) };
        match failure {
            Some(failure) if fared.iter().all(|state| state.failure.is_some()) => {
                return failed(format!("Listener on port {}: {failure}", listener.port));
            }
            Some(failure) => impaired = Some(format!("Listener on port {}: {failure}", listener.port)),
            None if fared.is_empty() && listener.updated_at < now.before(OPENING) => {
                return failed(format!("Listener on port {}: no process of this installation opens it", listener.port));
            }
            // Whoever waits until it is active can then connect to any of them; one that is there and says nothing for long
            // holds nobody up.
            None => {
                let fresh = listener.updated_at >= now.before(OPENING);
                pending |= fared.is_empty() || (fresh && fared.len() < present.len());
            }
        }
    }
    match impaired {
        _ if pending => State { code: "provisioning", reason: None },
        Some(reason) => State { code: "active_impaired", reason: Some(reason) },
        None => State { code: "active", reason: None },
    }
}

/// Which load balancers are to be shown.
pub(crate) enum Which {
    All,
    Named(Vec<String>),
    Arns(Vec<Named>),
}

/// A page of load balancers.
pub(crate) async fn list(
    call: &Call,
    grant: &Grant,
    which: Which,
    paging: Paging<String>,
) -> Result<(Vec<Found>, Option<String>)> {
    grant.require("elasticloadbalancing:DescribeLoadBalancers")?;
    let registry = &call.ctx.registry;
    let mut conn = call.ctx.app.db().reader().await?;
    let conn = &mut conn;
    let rows = match which {
        Which::All => {
            let after = paging.after.clone().unwrap_or_default();
            load_balancers::list_page(conn, registry, &after, paging.wanted()).await?
        }
        Which::Named(names) => {
            let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
            let rows = load_balancers::list_named(conn, registry, &wanted).await?;
            if let Some(missing) = names.iter().find(|name| !rows.iter().any(|row| row.name == **name)) {
                return Err(Error::LoadBalancerNotFound(missing.clone()));
            }
            rows
        }
        Which::Arns(arns) => {
            let mut rows = Vec::with_capacity(arns.len());
            for arn in arns {
                rows.push(lookup::load_balancer(conn, registry, &arn).await?);
            }
            rows
        }
    };
    let (rows, marker) = paging.page(call, rows, |row| row.name.clone())?;
    Ok((found(&call.ctx.app, conn, rows).await?, marker))
}

/// Removes a load balancer with its listeners and their rules. Target groups stay.
pub(crate) async fn delete(call: &Call, grant: &Grant, load_balancer: Named) -> Result<()> {
    grant.require_on("elasticloadbalancing:DeleteLoadBalancer", load_balancer.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            // As on AWS, what is not there is deleted.
            let row = match lookup::load_balancer(conn, &registry, &load_balancer).await {
                Ok(row) => row,
                Err(Error::LoadBalancerNotFound(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            if Attributes::stored(&row.attributes)?.is_on(LOAD_BALANCER, "deletion_protection.enabled") {
                return Err(Error::OperationNotPermitted(format!(
                    "Load balancer '{}' cannot be deleted because deletion protection is enabled",
                    load_balancer.arn()
                )));
            }
            for listener in listeners::list_of_load_balancers(conn, &[&row.load_balancer_id]).await? {
                crate::listeners::remove(conn, &listener.listener_id).await?;
            }
            load_balancing_tags::delete_all(conn, &row.load_balancer_id).await?;
            load_balancers::delete(conn, &row.load_balancer_id).await?;
            Ok(())
        })
    })
    .await
}

/// The attributes of a load balancer.
pub(crate) async fn attributes(call: &Call, grant: &Grant, load_balancer: &Named) -> Result<Vec<Attribute>> {
    grant.require("elasticloadbalancing:DescribeLoadBalancerAttributes")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let row = lookup::load_balancer(&mut conn, &call.ctx.registry, load_balancer).await?;
    Ok(Attributes::stored(&row.attributes)?.list(LOAD_BALANCER))
}

/// Sets attributes of a load balancer.
pub(crate) async fn set_attributes(
    call: &Call,
    grant: &Grant,
    load_balancer: Named,
    changes: Vec<Attribute>,
) -> Result<Vec<Attribute>> {
    grant.require_on("elasticloadbalancing:ModifyLoadBalancerAttributes", load_balancer.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let row = lookup::load_balancer(conn, &registry, &load_balancer).await?;
            let mut attributes = Attributes::stored(&row.attributes)?;
            attributes.set(LOAD_BALANCER, changes)?;
            load_balancers::update_attributes(conn, &row.load_balancer_id, &attributes.document()?).await?;
            Ok(attributes.list(LOAD_BALANCER))
        })
    })
    .await
}

/// Fails unless the load balancer is there.
pub(crate) async fn check(call: &Call, load_balancer: &Named) -> Result<()> {
    let mut conn = call.ctx.app.db().reader().await?;
    lookup::load_balancer(&mut conn, &call.ctx.registry, load_balancer).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(updated_at: i64) -> ListenerRow {
        ListenerRow {
            listener_id: "l".to_owned(),
            load_balancer_id: "b".to_owned(),
            port: 80,
            settings: String::new(),
            updated_at: Timestamp::from_micros(updated_at),
        }
    }

    fn fared(balancer: &str, failure: Option<&str>) -> listener_states::ListenerStateRow {
        listener_states::ListenerStateRow {
            listener_id: "l".to_owned(),
            balancer_id: balancer.to_owned(),
            failure: failure.map(str::to_owned),
            updated_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn the_state_is_what_became_of_the_listeners() {
        let now = Timestamp::from_micros(100_000_000);
        let present = ["x".to_owned(), "y".to_owned()];
        let code = |listeners: &[ListenerRow], states: &[listener_states::ListenerStateRow]| {
            state(now, &present, listeners.iter(), states).code
        };
        let (new, old) = ([listener(99_000_000)], [listener(0)]);
        assert_eq!(code(&[], &[]), "active");
        assert_eq!(code(&new, &[]), "provisioning");
        assert_eq!(code(&old, &[]), "failed");
        assert_eq!(code(&old, &[fared("x", None)]), "active");
        assert_eq!(code(&old, &[fared("x", None), fared("y", Some("in use"))]), "active_impaired");
        assert_eq!(code(&old, &[fared("x", Some("in use")), fared("y", Some("in use"))]), "failed");
        assert_eq!(code(&old, &[fared("x", None), fared("gone", Some("in use"))]), "active");
    }
}
