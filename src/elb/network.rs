//! What a load balancer says of its network: subnets, security groups and the kind of its addresses. They are checked, kept and
//! shown, and have no effect: where listeners are, the operator says.

use app::Grant;
use app::api::Call;
use serde::Deserialize;
use store::load_balancers;

use crate::arns::Named;
use crate::change::{change, read, stored};
use crate::checks;
use crate::error::{Error, Result};
use crate::load_balancers::Settings;
use crate::lookup;

/// A subnet, as those name it who also choose an address in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SubnetMapping {
    subnet_id: String,
    allocation_id: Option<String>,
}

/// The subnets of a request that names them in one of the two ways, or not at all.
pub(crate) fn subnets(subnets: &[String], mappings: &[SubnetMapping]) -> Result<Vec<String>> {
    if !subnets.is_empty() && !mappings.is_empty() {
        return Err(Error::Validation("Specify either subnets or subnet mappings, not both".to_owned()));
    }
    if mappings.iter().any(|mapping| mapping.allocation_id.is_some()) {
        return Err(Error::InvalidConfigurationRequest("Elastic IP addresses are not supported".to_owned()));
    }
    let names: Vec<String> = subnets.iter().chain(mappings.iter().map(|mapping| &mapping.subnet_id)).cloned().collect();
    check_names("subnets", &names)?;
    Ok(names)
}

/// Checks security groups.
pub(crate) fn check_security_groups(names: &[String]) -> Result<()> {
    check_names("securityGroups", names)
}

fn check_names(member: &str, names: &[String]) -> Result<()> {
    for name in names {
        checks::length(member, name, 1..=128)?;
    }
    if names.len() > 20 {
        return Err(Error::Validation("There may be at most 20 subnets and 20 security groups".to_owned()));
    }
    Ok(())
}

/// Checks the kind of a load balancer's addresses.
pub(crate) fn check_ip_address_type(kind: &str) -> Result<()> {
    checks::one_of("ipAddressType", kind, &["ipv4", "dualstack", "dualstack-without-public-ipv4"])?;
    if kind != "ipv4" {
        return Err(Error::InvalidConfigurationRequest(
            "Only the IP address type 'ipv4' is supported: the operator says where listeners are".to_owned(),
        ));
    }
    Ok(())
}

/// Changes what a load balancer says of its network. `action` is what that takes.
pub(crate) async fn set(
    call: &Call,
    grant: &Grant,
    action: &str,
    load_balancer: Named,
    edit: impl FnOnce(&mut Settings) + Send + 'static,
) -> Result<Settings> {
    grant.require_on(action, load_balancer.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let row = lookup::load_balancer(conn, &registry, &load_balancer).await?;
            let mut settings: Settings = read(&row.settings)?;
            edit(&mut settings);
            load_balancers::update_settings(conn, &row.load_balancer_id, &stored(&settings)?).await?;
            Ok(settings)
        })
    })
    .await
}
