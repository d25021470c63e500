//! From an ARN to its rows. All parts of an ARN must be those of the rows: policies were asked about the ARN, so nothing
//! may be found by its id alone.

use store::listener_rules::ListenerRuleRow;
use store::listeners::ListenerRow;
use store::load_balancers::LoadBalancerRow;
use store::target_groups::TargetGroupRow;
use store::{Conn, listener_rules, listeners, load_balancers, target_groups};
use types::RegistryId;

use crate::arns::{Kind, Named};
use crate::error::Result;

/// The load balancer that an ARN of a load balancer, listener or rule is about.
pub(crate) async fn load_balancer(conn: &mut Conn, registry: &RegistryId, named: &Named) -> Result<LoadBalancerRow> {
    let about = named.load_balancer();
    let row = load_balancers::find(conn, about.id()).await?;
    let row = row.filter(|row| row.registry == *registry && row.registry == named.registry && row.name == named.name);
    row.ok_or_else(|| named.not_found())
}

/// The target group of an ARN.
pub(crate) async fn target_group(conn: &mut Conn, registry: &RegistryId, named: &Named) -> Result<TargetGroupRow> {
    let row = target_groups::find(conn, named.id()).await?;
    let row = row.filter(|row| row.registry == *registry && row.registry == named.registry && row.name == named.name);
    row.ok_or_else(|| named.not_found())
}

/// The listener that an ARN of a listener or rule is about.
pub(crate) async fn listener(
    conn: &mut Conn,
    registry: &RegistryId,
    named: &Named,
) -> Result<(LoadBalancerRow, ListenerRow)> {
    let load_balancer = load_balancer(conn, registry, named).await?;
    let id = named.ids.get(1).map(String::as_str).unwrap_or_default();
    let row = listeners::find(conn, id).await?;
    let row = row.filter(|row| row.load_balancer_id == load_balancer.load_balancer_id);
    Ok((load_balancer, row.ok_or_else(|| named.not_found())?))
}

/// The rule of an ARN.
pub(crate) async fn rule(
    conn: &mut Conn,
    registry: &RegistryId,
    named: &Named,
) -> Result<(LoadBalancerRow, ListenerRow, ListenerRuleRow)> {
    let (load_balancer, listener) = listener(conn, registry, named).await?;
    let row = listener_rules::list_of(conn, &[named.id()]).await?.pop();
    let row = row.filter(|row| row.listener_id == listener.listener_id);
    Ok((load_balancer, listener, row.ok_or_else(|| named.not_found())?))
}

/// Fails unless there is something of that ARN.
pub(crate) async fn any(conn: &mut Conn, registry: &RegistryId, named: &Named) -> Result<()> {
    match named.kind {
        Kind::LoadBalancer => load_balancer(conn, registry, named).await.map(drop),
        Kind::TargetGroup => target_group(conn, registry, named).await.map(drop),
        Kind::Listener => listener(conn, registry, named).await.map(drop),
        Kind::Rule => rule(conn, registry, named).await.map(drop),
    }
}
