//! The accounts, principals and repositories that the tests speak of, and short ways to ask for decisions.

use std::sync::Arc;

use wharf_policy::{
    Context, Decision, Document, Grant, Kind, Layer, Policies, Policy, Principal, PrincipalKind, Reason, Request,
    evaluate,
};

pub const HOME: &str = "111122223333";
pub const AWAY: &str = "444455556666";

pub fn repository(account: &str, name: &str) -> String {
    format!("arn:aws:ecr:us-east-1:{account}:repository/{name}")
}

pub fn user(account: &str, name: &str) -> Principal {
    Principal {
        account: account.into(),
        arn: format!("arn:aws:iam::{account}:user/{name}"),
        user_id: format!("AIDA{}", name.to_uppercase()),
        kind: PrincipalKind::User { name: name.into() },
    }
}

pub fn session(account: &str, role: &str, name: &str) -> Principal {
    Principal {
        account: account.into(),
        arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
        user_id: format!("AROA{}:{name}", role.to_uppercase()),
        kind: PrincipalKind::RoleSession { role_arn: format!("arn:aws:iam::{account}:role/{role}") },
    }
}

pub fn service(name: &str) -> Principal {
    Principal {
        account: String::new(),
        arn: String::new(),
        user_id: name.into(),
        kind: PrincipalKind::Service { name: name.into() },
    }
}

/// A policy of version 2012-10-17 with these statements.
pub fn policy(label: &str, kind: Kind, statements: &str) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let document = Document::parse(&text, kind, 20_480).unwrap_or_else(|error| panic!("{error} in {text}"));
    Policy { label: label.into(), document: Arc::new(document) }
}

/// Decides with the identity and resource policies given, in account HOME.
pub fn decide(identity: &[Policy], resource: &[Policy], principal: &Principal, action: &str, arn: &str) -> Decision {
    let context = Context::new();
    let request = Request { principal, action, resource: arn, context: &context };
    evaluate(&Policies { identity, resource, ..Policies::default() }, &request, HOME)
}

/// A decision in one word, such as `allow pull[0]`, for tables.
pub fn told(decision: &Decision) -> String {
    let layer = |layer: &Layer| format!("{layer:?}").to_lowercase();
    match decision {
        Decision::Allow { by: Grant::AccountRoot } => "allow root".into(),
        Decision::Allow { by: Grant::Statement(origin) } => format!("allow {}[{}]", origin.policy, origin.statement),
        Decision::Deny { reason: Reason::Explicit(origin) } => format!("deny {}[{}]", origin.policy, origin.statement),
        Decision::Deny { reason: Reason::Implicit(missing) } => format!("no {}", layer(missing)),
        Decision::Deny { reason: Reason::Unreadable { policy, .. } } => format!("unreadable {policy}"),
        Decision::Deny { reason: Reason::TooComplex } => "too complex".into(),
    }
}
