//! Every combination of the five layers, each absent, silent, allowing or denying, for each sort of caller in its own
//! and in another account, against an oracle that was written from the rules and not from the code.

use std::sync::Arc;

use wharf_policy::{
    Context, Decision, Document, Kind, Layer, Policies, Policy, Principal, PrincipalKind, Reason, Request,
    denial_message, evaluate, explain,
};

use crate::world::{AWAY, HOME, policy, repository, session, user};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Absent,
    Silent,
    Allows,
    Denies,
}

const STATES: [State; 4] = [State::Absent, State::Silent, State::Allows, State::Denies];

/// How the resource policy names the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Everyone,
    Account,
    Role,
    Person,
}

const NAMED: [Named; 4] = [Named::Everyone, Named::Account, Named::Role, Named::Person];

#[derive(Debug, Clone, Copy)]
struct Layers {
    identity: State,
    resource: State,
    boundary: State,
    session: State,
    guard: State,
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Allowed,
    Denied,
    Missing(Layer),
}

/// The rules, in the order of AWS's flow chart.
fn oracle(layers: Layers, named: Named, principal: &Principal, resource_account: &str) -> Answer {
    use State::{Absent, Allows, Denies};
    let all = [layers.identity, layers.resource, layers.boundary, layers.session, layers.guard];
    if all.contains(&Denies) {
        return Answer::Denied;
    }
    let restricts = |state| state != Absent && state != Allows;
    if restricts(layers.guard) {
        return Answer::Missing(Layer::Guard);
    }
    let is_root = principal.arn.ends_with(":root");
    let is_anonymous = principal.account.is_empty();
    let own_side = is_root || (layers.identity == Allows && !is_anonymous);
    let other_side = layers.resource == Allows;
    let home = principal.account == resource_account;
    if home && other_side && named == Named::Person {
        return Answer::Allowed;
    }
    if is_anonymous {
        if !other_side {
            return Answer::Missing(Layer::Resource);
        }
    } else if home {
        let granted = other_side && named != Named::Account;
        if !own_side && !granted {
            return Answer::Missing(Layer::Identity);
        }
    } else {
        if !own_side {
            return Answer::Missing(Layer::Identity);
        }
        if !other_side {
            return Answer::Missing(Layer::Resource);
        }
    }
    if restricts(layers.boundary) {
        return Answer::Missing(Layer::Boundary);
    }
    if restricts(layers.session) {
        return Answer::Missing(Layer::Session);
    }
    Answer::Allowed
}

fn layer(kind: Kind, state: State, principal: &str) -> Vec<Policy> {
    let (effect, action) = match state {
        State::Absent => return vec![],
        State::Silent => ("Allow", "ecr:DescribeImages"),
        State::Allows => ("Allow", "ecr:PutImage"),
        State::Denies => ("Deny", "ecr:Put*"),
    };
    let on = match kind {
        Kind::Resource => format!(r#""Principal":{principal}"#),
        _ => r#""Resource":"*""#.to_owned(),
    };
    vec![policy("p", kind, &format!(r#"{{"Effect":"{effect}","Action":"{action}",{on}}}"#))]
}

/// The element that names a caller so, if that is possible.
fn element(named: Named, principal: &Principal) -> Option<String> {
    let aws = |text: &str| Some(format!(r#"{{"AWS":"{text}"}}"#));
    match (named, &principal.kind) {
        (Named::Everyone, _) => Some(r#""*""#.to_owned()),
        (_, PrincipalKind::Anonymous) => None,
        (Named::Account, _) => aws(&principal.account),
        (Named::Role, PrincipalKind::RoleSession { role_arn }) => aws(role_arn),
        (Named::Person, PrincipalKind::User { .. } | PrincipalKind::RoleSession { .. }) => aws(&principal.arn),
        _ => None,
    }
}

#[test]
fn every_combination_of_layers_agrees_with_the_oracle() {
    let context = Context::new();
    let callers = [
        Principal::root(HOME),
        Principal::root(AWAY),
        user(HOME, "anna"),
        user(AWAY, "anna"),
        session(HOME, "ci", "run"),
        session(AWAY, "ci", "run"),
        Principal::anonymous(),
    ];
    let resource_arn = repository(HOME, "app");
    let mut compared = 0;
    for index in 0..4_usize.pow(5) {
        let state = |place: u32| STATES[index / 4_usize.pow(place) % 4];
        let layers =
            Layers { identity: state(0), resource: state(1), boundary: state(2), session: state(3), guard: state(4) };
        let identity = layer(Kind::Identity, layers.identity, "");
        let boundary = layer(Kind::Identity, layers.boundary, "");
        let session = layer(Kind::Identity, layers.session, "");
        let guards = layer(Kind::Identity, layers.guard, "");
        for (principal, named) in callers.iter().flat_map(|caller| NAMED.map(|named| (caller, named))) {
            let Some(element) = element(named, principal) else { continue };
            let resource = layer(Kind::Resource, layers.resource, &element);
            let policies = Policies {
                identity: &identity,
                resource: &resource,
                boundary: boundary.first(),
                session: (layers.session != State::Absent).then_some(&session),
                guards: &guards,
            };
            let request = Request { principal, action: "ecr:PutImage", resource: &resource_arn, context: &context };
            let decision = evaluate(&policies, &request, HOME);
            let answer = match &decision {
                Decision::Allow { .. } => Answer::Allowed,
                Decision::Deny { reason: Reason::Explicit(_) } => Answer::Denied,
                Decision::Deny { reason: Reason::Implicit(layer) } => Answer::Missing(*layer),
                other => panic!("{other:?}"),
            };
            assert_eq!(answer, oracle(layers, named, principal, HOME), "{layers:?} {named:?} {}", principal.arn);
            assert_eq!(decision.is_allowed(), denial_message(&decision, &request).is_none());
            assert_eq!(explain(&policies, &request, HOME).decision, decision);
            compared += 1;
        }
    }
    // Everybody is named by "*", all but the anonymous caller by account, sessions by role, users and sessions in person.
    assert_eq!(compared, 1024 * (7 + 6 + 2 + 4));
}

#[test]
fn an_unreadable_or_misplaced_policy_denies_in_every_layer() {
    let allow = |kind| layer(kind, State::Allows, r#""*""#).remove(0);
    let broken = |kind| {
        let text = r#"{"Statement":{"Effect":"Deny","Action":"*","Condition":{"StringFoo":{"a:b":"c"}}}}"#;
        Policy { label: "broken".into(), document: Arc::new(Document::from_stored(text, kind)) }
    };
    let context = Context::new();
    let root = Principal::root(HOME);
    let resource = repository(HOME, "app");
    let request = Request { principal: &root, action: "ecr:PutImage", resource: &resource, context: &context };
    let denied = |policies: Policies| match evaluate(&policies, &request, HOME) {
        Decision::Deny { reason: Reason::Unreadable { layer, policy } } => (layer, policy.to_string()),
        other => panic!("{other:?}"),
    };
    let default = Policies::default();
    for (identity, resource) in
        [(broken(Kind::Identity), broken(Kind::Resource)), (allow(Kind::Resource), allow(Kind::Identity))]
    {
        let label = identity.label.to_string();
        let list = std::slice::from_ref(&identity);
        assert_eq!(denied(Policies { identity: list, ..default }), (Layer::Identity, label.clone()));
        assert_eq!(denied(Policies { guards: list, ..default }), (Layer::Guard, label.clone()));
        assert_eq!(denied(Policies { session: Some(list), ..default }), (Layer::Session, label.clone()));
        assert_eq!(denied(Policies { boundary: Some(&identity), ..default }), (Layer::Boundary, label.clone()));
        let list = std::slice::from_ref(&resource);
        assert_eq!(denied(Policies { resource: list, ..default }), (Layer::Resource, label));
    }
}
