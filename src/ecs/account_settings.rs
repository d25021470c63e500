//! Account settings: what principals, and accounts for all of theirs, have set. Most of them are kept for the tools that
//! read them back: ARNs are always long and tags at creation always need permission. `containerInsights` is what clusters
//! get that say nothing.

use app::api::Call;
use serde::Serialize;
use store::Conn;
use store::ecs_account_settings::{self, SettingRow};
use types::{Arn, RegistryId};

use crate::clusters::write;
use crate::error::{Error, Result};

/// A setting that ECS knows.
struct Known {
    name: &'static str,
    /// The first is the default.
    values: &'static [&'static str],
    /// Whether it is AWS's to set, not the account's.
    managed: bool,
}

const fn known(name: &'static str, values: &'static [&'static str]) -> Known {
    Known { name, values, managed: false }
}

/// Sorted by name. Short ARNs are not made any more, so nobody can go back to them.
const KNOWN: &[Known] = &[
    known("awsvpcTrunking", &["disabled", "enabled"]),
    known("containerInsights", &["disabled", "enabled", "enhanced"]),
    known("containerInstanceLongArnFormat", &["enabled"]),
    known("defaultLogDriverMode", &["non-blocking", "blocking"]),
    known("fargateEventWindows", &["disabled", "enabled"]),
    known("fargateFIPSMode", &["disabled", "enabled"]),
    known("fargateTaskRetirementWaitPeriod", &["7", "0", "14"]),
    Known { name: "guardDutyActivate", values: &["off", "on"], managed: true },
    known("serviceLongArnFormat", &["enabled"]),
    known("tagResourceAuthorization", &["on", "off"]),
    known("taskLongArnFormat", &["enabled"]),
];

/// A setting on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) principal_arn: String,
    /// Whose it is to set.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}

impl Known {
    fn setting(&self, value: Option<String>, principal_arn: &str) -> Setting {
        Setting {
            name: self.name,
            value: value.unwrap_or_else(|| self.values.first().copied().unwrap_or_default().to_owned()),
            principal_arn: principal_arn.to_owned(),
            kind: if self.managed { "aws_managed" } else { "user" },
        }
    }
}

fn find_known(name: &str) -> Result<&'static Known> {
    let found = KNOWN.iter().find(|known| known.name == name);
    found.ok_or_else(|| Error::InvalidParameter(format!("Invalid account setting name: {}", shown(name))))
}

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Whose settings are meant: those that are named, or the caller's.
pub(crate) fn principal(call: &Call, given: Option<&str>) -> Result<String> {
    let account = call.account();
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        // A session is not somebody for long; its role is.
        let own = call.ctx.identity.principal.policy_arn();
        return Ok(own.map_or_else(|| everybody(&call.ctx.registry), str::to_owned));
    };
    let rest = given.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_prefix(account.as_str()));
    let valid = rest.and_then(|rest| rest.strip_prefix(':')).is_some_and(|name| {
        let named = name.strip_prefix("user/").or_else(|| name.strip_prefix("role/"));
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte);
        name == "root" || named.is_some_and(|named| (1..=576).contains(&named.len()) && named.bytes().all(legal))
    });
    if valid { Ok(given.to_owned()) } else { Err(Error::InvalidParameter("Invalid principal ARN.".to_owned())) }
}

/// Whose settings are those of everybody who has none.
pub(crate) fn everybody(registry: &RegistryId) -> String {
    Arn::root(&registry.account).to_string()
}

/// What somebody has set, or what holds for them.
pub(crate) async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    principal_arn: &str,
    effective: bool,
) -> Result<Vec<Setting>> {
    let own = ecs_account_settings::list(conn, registry, principal_arn).await?;
    let everybody = everybody(registry);
    let defaults = if effective && principal_arn != everybody {
        ecs_account_settings::list(conn, registry, &everybody).await?
    } else {
        Vec::new()
    };
    let value = |name: &str| {
        let found = own.iter().chain(&defaults).find(|row| row.name == name);
        found.map(|row| row.value.clone())
    };
    let settings = KNOWN.iter().map(|known| (known, value(known.name)));
    let wanted = settings.filter(|(_, value)| effective || value.is_some());
    Ok(wanted.map(|(known, value)| known.setting(value, principal_arn)).collect())
}

/// What holds for somebody, of one setting.
pub(crate) async fn effective(
    conn: &mut Conn,
    registry: &RegistryId,
    principal_arn: &str,
    name: &str,
) -> Result<Option<String>> {
    let settings = list(conn, registry, principal_arn, true).await?;
    Ok(settings.into_iter().find(|setting| setting.name == name).map(|setting| setting.value))
}

/// Sets it for somebody.
pub(crate) async fn put(call: &Call, name: &str, value: &str, principal_arn: String) -> Result<Setting> {
    let known = find_known(name)?;
    if known.managed {
        return Err(Error::InvalidParameter(format!("The account setting {name} is managed and can not be changed.")));
    }
    if !known.values.contains(&value) {
        let message = format!("Invalid value for account setting {name}: {}", shown(value));
        return Err(Error::InvalidParameter(message));
    }
    let setting = known.setting(Some(value.to_owned()), &principal_arn);
    let row = SettingRow { principal_arn, name: name.to_owned(), value: value.to_owned() };
    let registry = call.ctx.registry.clone();
    write(call, move |conn| Box::pin(async move { Ok(ecs_account_settings::upsert(conn, &registry, &row).await?) }))
        .await?;
    Ok(setting)
}

/// Goes back to what holds for everybody; gives what was set.
pub(crate) async fn delete(call: &Call, name: &str, principal_arn: String) -> Result<Setting> {
    let known = find_known(name)?;
    let registry = call.ctx.registry.clone();
    write(call, move |conn| {
        Box::pin(async move {
            let own = ecs_account_settings::list(conn, &registry, &principal_arn).await?;
            ecs_account_settings::delete(conn, &registry, &principal_arn, known.name).await?;
            let was = own.into_iter().find(|row| row.name == known.name).map(|row| row.value);
            Ok(known.setting(was, &principal_arn))
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_and_begin_with_their_default() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert_eq!(find_known("containerInsights").unwrap().setting(None, "x").value, "disabled");
        assert!(find_known("nothing").is_err());
    }
}
