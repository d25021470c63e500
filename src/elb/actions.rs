//! Actions of rules: as they come and go on the wire, what they may be, and what they mean.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::checks;
use crate::error::{Error, Quota, Result};
use crate::routing;

/// The most target groups of one action.
const MOST_GROUPS: usize = 5;

/// An action on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Action {
    #[serde(rename = "Type")]
    kind: String,
    target_group_arn: Option<String>,
    order: Option<i64>,
    forward_config: Option<Forward>,
    redirect_config: Option<Redirect>,
    fixed_response_config: Option<FixedResponse>,
}

/// Where requests are forwarded to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Forward {
    target_groups: Vec<Weighted>,
    target_group_stickiness_config: Option<Stickiness>,
}

/// A target group with its share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Weighted {
    target_group_arn: String,
    weight: Option<i64>,
}

/// Whether a client stays with a target group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Stickiness {
    enabled: Option<bool>,
    duration_seconds: Option<i64>,
}

/// Another address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Redirect {
    protocol: Option<String>,
    port: Option<String>,
    host: Option<String>,
    path: Option<String>,
    query: Option<String>,
    status_code: String,
}

/// An answer of the load balancer itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct FixedResponse {
    message_body: Option<String>,
    status_code: String,
    content_type: Option<String>,
}

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::Validation(message.into()))
}

/// Checks the actions of a rule, and puts each into the form in which it is stored and shown.
pub(crate) fn check(actions: Vec<Action>) -> Result<Vec<Action>> {
    if actions.is_empty() {
        return invalid("An action must be specified");
    }
    for (index, action) in actions.iter().enumerate() {
        let member = format!("actions.{}.member", index + 1);
        checks::one_of(
            &format!("{member}.type"),
            &action.kind,
            &["forward", "authenticate-oidc", "authenticate-cognito", "redirect", "fixed-response", "jwt-validation"],
        )?;
        checks::range(&format!("{member}.order"), action.order, 1..=50_000)?;
        if !matches!(action.kind.as_str(), "forward" | "redirect" | "fixed-response") {
            return Err(Error::InvalidLoadBalancerAction(format!(
                "These load balancers do not have actions of the type '{}'",
                action.kind
            )));
        }
    }
    if actions.len() as u64 > Quota::Actions.most() {
        return Err(Error::TooMany(Quota::Actions));
    }
    if actions.len() > 1 {
        // What may stand before it are actions that were refused above.
        return invalid("A rule must have exactly one action of the type forward, redirect or fixed-response");
    }
    actions.into_iter().map(settled).collect()
}

fn settled(action: Action) -> Result<Action> {
    let Action { kind, target_group_arn, order, forward_config, redirect_config, fixed_response_config } = action;
    let empty = Action { kind: kind.clone(), order, ..Action::default() };
    let others = match kind.as_str() {
        "forward" => redirect_config.is_some() || fixed_response_config.is_some(),
        "redirect" => target_group_arn.is_some() || forward_config.is_some() || fixed_response_config.is_some(),
        _ => target_group_arn.is_some() || forward_config.is_some() || redirect_config.is_some(),
    };
    if others {
        return invalid(format!("An action of the type '{kind}' has the configuration of another type"));
    }
    match kind.as_str() {
        "forward" => {
            let forward = settled_forward(target_group_arn, forward_config)?;
            let single = match forward.target_groups.as_slice() {
                [one] => Some(one.target_group_arn.clone()),
                _ => None,
            };
            Ok(Action { target_group_arn: single, forward_config: Some(forward), ..empty })
        }
        "redirect" => match redirect_config {
            Some(redirect) => Ok(Action { redirect_config: Some(settled_redirect(redirect)?), ..empty }),
            None => invalid("A redirect configuration must be specified"),
        },
        _ => match fixed_response_config {
            Some(fixed) => Ok(Action { fixed_response_config: Some(settled_fixed(fixed)?), ..empty }),
            None => invalid("A fixed response configuration must be specified"),
        },
    }
}

fn settled_forward(single: Option<String>, config: Option<Forward>) -> Result<Forward> {
    let mut forward = config.unwrap_or_default();
    if let Some(arn) = single {
        match forward.target_groups.as_slice() {
            [] => forward.target_groups.push(Weighted { target_group_arn: arn, weight: None }),
            [one] if one.target_group_arn == arn => {}
            _ => return invalid("An action names a target group in two places that do not agree"),
        }
    }
    if forward.target_groups.is_empty() {
        return invalid("A target group must be specified");
    }
    if forward.target_groups.len() > MOST_GROUPS {
        return invalid(format!("An action can only forward to '{MOST_GROUPS}' target groups"));
    }
    let mut seen = BTreeSet::new();
    for group in &mut forward.target_groups {
        Named::read(Kind::TargetGroup, &group.target_group_arn)?;
        checks::range("weight", group.weight, 0..=999)?;
        group.weight = Some(group.weight.unwrap_or(1));
        if !seen.insert(group.target_group_arn.clone()) {
            return invalid("An action names a target group twice");
        }
    }
    let stickiness = forward.target_group_stickiness_config.unwrap_or_default();
    checks::range("durationSeconds", stickiness.duration_seconds, 1..=604_800)?;
    let enabled = stickiness.enabled.unwrap_or(false);
    if enabled && stickiness.duration_seconds.is_none() {
        return invalid("The duration of the stickiness of target groups must be specified");
    }
    let settled = Stickiness { enabled: Some(enabled), duration_seconds: stickiness.duration_seconds };
    Ok(Forward { target_group_stickiness_config: Some(settled), ..forward })
}

fn settled_redirect(redirect: Redirect) -> Result<Redirect> {
    let original = |part: &str| format!("#{{{part}}}");
    let settled = Redirect {
        protocol: Some(redirect.protocol.unwrap_or_else(|| original("protocol"))),
        port: Some(redirect.port.unwrap_or_else(|| original("port"))),
        host: Some(redirect.host.unwrap_or_else(|| original("host"))),
        path: Some(redirect.path.unwrap_or_else(|| "/#{path}".to_owned())),
        query: Some(redirect.query.unwrap_or_else(|| original("query"))),
        status_code: redirect.status_code,
    };
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    checks::one_of("statusCode", &settled.status_code, &["HTTP_301", "HTTP_302"])?;
    let (protocol, port) = (text(&settled.protocol), text(&settled.port));
    checks::one_of("protocol", &protocol, &["HTTP", "HTTPS", "#{protocol}"])?;
    if port != "#{port}" && !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return invalid(format!("The redirect port '{port}' is not valid"));
    }
    let (host, path, query) = (text(&settled.host), text(&settled.path), text(&settled.query));
    checks::length("host", &host, 1..=128)?;
    checks::length("path", &path, 1..=128)?;
    checks::length("query", &query, 0..=128)?;
    // The parts are put into a header field.
    if ![&host, &path, &query].into_iter().all(|part| part.bytes().all(|byte| (0x21..0x7f).contains(&byte))) {
        return invalid("A redirect can only have visible ASCII characters");
    }
    if !path.starts_with('/') {
        return invalid(format!("The redirect path '{path}' must begin with a slash"));
    }
    let unchanged = protocol == "#{protocol}" && port == "#{port}" && host == "#{host}" && path == "/#{path}";
    if unchanged {
        return invalid(
            "You must modify at least one of the following to avoid a redirect loop: protocol, port, host, or path",
        );
    }
    Ok(settled)
}

fn settled_fixed(fixed: FixedResponse) -> Result<FixedResponse> {
    let status = &fixed.status_code;
    let legal = status.len() == 3
        && status.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(status.as_bytes()[0], b'2' | b'4' | b'5');
    if !legal {
        return invalid(format!("The fixed response status code '{status}' must be 2XX, 4XX or 5XX"));
    }
    checks::length("messageBody", fixed.message_body.as_deref().unwrap_or_default(), 0..=1024)?;
    if let Some(content_type) = &fixed.content_type {
        let types = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
        checks::one_of("contentType", content_type, &types)?;
    }
    Ok(fixed)
}

impl Action {
    /// The ARNs of the target groups that it forwards to.
    pub(crate) fn target_groups(&self) -> impl Iterator<Item = &str> {
        let groups = self.forward_config.iter().flat_map(|forward| &forward.target_groups);
        groups.map(|group| group.target_group_arn.as_str())
    }

    /// What it means to a balancer.
    pub(crate) fn meaning(&self) -> Option<routing::Action> {
        if let Some(forward) = &self.forward_config {
            let groups = forward.target_groups.iter().filter_map(|group| {
                let named = Named::parse(&group.target_group_arn)?;
                let weight = u32::try_from(group.weight.unwrap_or(1)).unwrap_or_default();
                Some((named.id().to_owned(), weight))
            });
            let stickiness = forward.target_group_stickiness_config.as_ref();
            let stickiness = stickiness.filter(|config| config.enabled == Some(true));
            let seconds = stickiness.and_then(|config| u64::try_from(config.duration_seconds?).ok());
            return Some(routing::Action::Forward {
                groups: groups.collect(),
                stickiness: seconds.map(Duration::from_secs),
            });
        }
        if let Some(redirect) = &self.redirect_config {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            return Some(routing::Action::Redirect {
                protocol: part(&redirect.protocol),
                host: part(&redirect.host),
                port: part(&redirect.port),
                path: part(&redirect.path),
                query: part(&redirect.query),
                permanent: redirect.status_code == "HTTP_301",
            });
        }
        let fixed = self.fixed_response_config.as_ref()?;
        Some(routing::Action::FixedResponse {
            status: fixed.status_code.parse().ok()?,
            content_type: fixed.content_type.clone(),
            body: fixed.message_body.clone().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/0123456789abcdef";

    fn checked(json: serde_json::Value) -> Result<Vec<Action>> {
        check(serde_json::from_value(json).unwrap())
    }

    #[test]
    fn a_forward_is_shown_in_both_forms() {
        let actions = checked(json!([{ "Type": "forward", "TargetGroupArn": GROUP }])).unwrap();
        let shown = serde_json::to_value(&actions[0]).unwrap();
        assert_eq!(shown["TargetGroupArn"], GROUP);
        assert_eq!(shown["ForwardConfig"]["TargetGroups"], json!([{ "TargetGroupArn": GROUP, "Weight": 1 }]));
        assert_eq!(shown["ForwardConfig"]["TargetGroupStickinessConfig"]["Enabled"], false);
        assert_eq!(check(actions.clone()).unwrap(), actions);
        let groups = vec![("0123456789abcdef".to_owned(), 1)];
        assert_eq!(actions[0].meaning(), Some(routing::Action::Forward { groups, stickiness: None }));
    }

    #[test]
    fn malformed_actions_are_refused() {
        for json in [
            json!([]),
            json!([{ "Type": "dance" }]),
            json!([{ "Type": "forward" }]),
            json!([{ "Type": "forward", "TargetGroupArn": "web" }]),
            json!([{ "Type": "forward", "TargetGroupArn": GROUP }, { "Type": "forward", "TargetGroupArn": GROUP }]),
            json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
                { "TargetGroupArn": GROUP, "Weight": 1000 }] } }]),
            json!([{ "Type": "redirect" }]),
            json!([{ "Type": "redirect", "RedirectConfig": { "StatusCode": "HTTP_301" } }]),
            json!([{ "Type": "redirect", "RedirectConfig": { "StatusCode": "HTTP_303", "Port": "443" } }]),
            json!([{ "Type": "redirect", "RedirectConfig": { "StatusCode": "HTTP_301", "Path": "/a b" } }]),
            json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "302" } }]),
            json!([{ "Type": "fixed-response", "TargetGroupArn": GROUP,
                "FixedResponseConfig": { "StatusCode": "200" } }]),
        ] {
            let refused = checked(json.clone());
            let invalid = matches!(refused, Err(Error::Validation(_) | Error::Other(_)));
            assert!(invalid, "{json}: {refused:?}");
        }
        let refused = checked(json!([{ "Type": "authenticate-oidc" }]));
        assert!(matches!(refused, Err(Error::InvalidLoadBalancerAction(_))), "{refused:?}");
    }
}
