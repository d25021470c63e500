//! Tags of what has them in the database alone, for conditions of policies. There are as many of these things as there are
//! tasks, so they are looked up one by one, and for those alone whose policies ask for tags.

use std::collections::BTreeMap;

use aws::Resource;
use store::{Conn, alarms, ecs_tags, load_balancing_tags, log_groups, parameters};
use types::RegistryId;

use crate::{Ctx, Result, sealed};

/// The services whose resources have such tags, as their condition keys and ARNs name them.
const SERVICES: &[&str] = &["ecs", "elasticloadbalancing", "logs", "secretsmanager", "ssm", "cloudwatch"];

/// The service of an ARN, if its resources have such tags.
pub(crate) fn service(arn: &str) -> &'static str {
    let named = arn.split(':').nth(2).unwrap_or_default();
    SERVICES.iter().find(|service| **service == named).copied().unwrap_or_default()
}

/// The tags of a resource of the account and region of a call.
pub(crate) async fn of(ctx: &Ctx, resource: &Resource) -> Result<Vec<(String, String)>> {
    let Resource::Arn(_, arn) = resource else {
        return Ok(Vec::new());
    };
    let (registry, service) = (&ctx.registry, service(arn.as_str()));
    let home = format!("arn:aws:{service}:{}:{}:", registry.region, registry.account);
    let Some(rest) = arn.as_str().strip_prefix(&home).filter(|_| ctx.identity.asks_for("resourcetag/")) else {
        return Ok(Vec::new());
    };
    find(&mut ctx.app.db().reader().await?, registry, service, rest).await
}

/// `rest` is what stands behind the account in the ARN.
async fn find(conn: &mut Conn, registry: &RegistryId, service: &str, rest: &str) -> Result<Vec<(String, String)>> {
    let found = match service {
        "ecs" => return Ok(ecs_tags::list(conn, registry, rest).await?),
        "elasticloadbalancing" => {
            let id = rest.rsplit('/').next().unwrap_or_default();
            let found = load_balancing_tags::list(conn, &[id]).await?;
            return Ok(found.into_iter().map(|(_, key, value)| (key, value)).collect());
        }
        // A stream has the tags of its group.
        "logs" => match rest.strip_prefix("log-group:").and_then(|rest| rest.split(':').next()) {
            Some(name) => log_groups::find(conn, registry, name).await?.map(|row| row.tags),
            None => None,
        },
        "secretsmanager" => match rest.strip_prefix("secret:") {
            Some(text) => sealed::find_secret(conn, registry, text).await?.map(|row| row.tags),
            None => None,
        },
        "ssm" => match rest.strip_prefix("parameter/") {
            Some(name) => match parameters::find(conn, registry, &format!("/{name}")).await? {
                Some((row, _)) => Some(row.tags),
                None => parameters::find(conn, registry, name).await?.map(|(row, _)| row.tags),
            },
            None => None,
        },
        "cloudwatch" => match rest.strip_prefix("alarm:") {
            Some(name) => alarms::find_all(conn, registry, &[name.to_owned()]).await?.pop().map(|row| row.tags),
            None => None,
        },
        _ => None,
    };
    let read = |tags: String| serde_json::from_str::<BTreeMap<String, String>>(&tags).unwrap_or_default();
    Ok(found.map(read).unwrap_or_default().into_iter().collect())
}
