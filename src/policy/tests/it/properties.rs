//! What holds for all policies, tried on generated ones.

use proptest::prelude::*;
use proptest::sample::select;
use wharf_policy::{Context, Decision, Document, Kind, Policies, Policy, Principal, Reason, Request, evaluate};

use crate::world::{AWAY, HOME, policy, repository, service, session, user};

/// What stands around the action in a statement: everything but `Effect` and the action element.
fn rest(kind: Kind) -> impl Strategy<Value = String> {
    let resources = vec![
        r#""Resource":"*""#.to_owned(),
        format!(r#""Resource":"{}""#, repository(HOME, "app")),
        r#""Resource":["arn:aws:ecr:*:*:repository/a*","arn:aws:ecr:*:*:repository/?"]"#.to_owned(),
        r#""Resource":"arn:aws:ecr:*:${aws:PrincipalAccount}:repository/${aws:username}""#.to_owned(),
        format!(r#""NotResource":"{}""#, repository(HOME, "app")),
        r#""NotResource":"arn:aws:ecr:*:*:repository/${aws:username}""#.to_owned(),
    ];
    let principals = vec![
        r#""Principal":"*""#.to_owned(),
        format!(r#""Principal":{{"AWS":["{HOME}"]}}"#),
        format!(r#""Principal":{{"AWS":"{AWAY}","Service":"s.amazonaws.com"}}"#),
        format!(r#""Principal":{{"AWS":"arn:aws:iam::{HOME}:user/anna"}}"#),
        format!(r#""Principal":{{"AWS":"arn:aws:iam::{HOME}:role/ci"}}"#),
    ];
    let conditions = vec![
        String::new(),
        String::new(),
        r#","Condition":{"StringEquals":{"aws:PrincipalTag/team":["red","blue"]}}"#.to_owned(),
        r#","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"red"}}"#.to_owned(),
        r#","Condition":{"StringNotLike":{"aws:userid":"${aws:username}*"}}"#.to_owned(),
        r#","Condition":{"ForAllValues:StringLike":{"aws:TagKeys":"a*"},"Null":{"aws:SourceIp":false}}"#.to_owned(),
        r#","Condition":{"ForAnyValue:StringNotEquals":{"aws:TagKeys":"a"}}"#.to_owned(),
        r#","Condition":{"NotIpAddressIfExists":{"aws:SourceIp":"192.0.2.0/24"}}"#.to_owned(),
    ];
    let places = if kind == Kind::Resource { principals } else { resources };
    (select(places), select(conditions)).prop_map(|(place, condition)| format!("{place}{condition}"))
}

fn action() -> impl Strategy<Value = &'static str> {
    select(vec![r#""*""#, r#""ecr:*""#, r#""ECR:put?mage""#, r#"["ecr:Get*","ecr:BatchGetImage"]"#, r#""iam:*""#])
}

fn statement(kind: Kind, effects: &'static [&'static str]) -> impl Strategy<Value = String> {
    (select(effects), select(vec!["Action", "NotAction"]), action(), rest(kind))
        .prop_map(|(effect, element, action, rest)| format!(r#"{{"Effect":"{effect}","{element}":{action},{rest}}}"#))
}

fn statements(kind: Kind) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(statement(kind, &["Allow", "Allow", "Deny"]), 1..5)
}

fn principal() -> impl Strategy<Value = Principal> {
    select(vec![
        Principal::root(HOME),
        Principal::root(AWAY),
        user(HOME, "anna"),
        user(HOME, "*"),
        user(AWAY, "app"),
        session(HOME, "ci", "run"),
        service("s.amazonaws.com"),
        Principal::anonymous(),
    ])
}

/// A request, owned.
#[derive(Debug, Clone)]
struct Asked {
    principal: Principal,
    action: &'static str,
    resource: String,
    context: Context,
}

impl Asked {
    fn of(&self, policies: &Policies) -> Decision {
        let Self { principal, action, resource, context } = self;
        evaluate(policies, &Request { principal, action, resource, context }, HOME)
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let names = vec!["app", "anna", "other", "*"];
    let actions = vec!["ecr:PutImage", "ecr:BatchGetImage", "ecr:DeleteRepository", "iam:CreateUser"];
    let tags = prop::collection::vec(select(vec!["a", "ab", "b"]), 0..3);
    let team = select(vec![None, Some("red"), Some("green")]);
    let address = select(vec![None, Some("192.0.2.1"), Some("::1"), Some("nonsense")]);
    (principal(), select(actions), select(names), tags, team, address).prop_map(
        |(principal, action, name, tags, team, address)| {
            let mut context = Context::new();
            context.set_all("aws:TagKeys", tags.into_iter().map(str::to_owned));
            team.map(|team| context.set("aws:PrincipalTag/team", team).clone());
            address.map(|address| context.set("aws:SourceIp", address).clone());
            Asked { principal, action, resource: repository(HOME, name), context }
        },
    )
}

fn one(kind: Kind, statements: &[String]) -> Vec<Policy> {
    vec![policy("p", kind, &statements.join(","))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn adding_a_deny_never_allows_more(
        asked in asked(),
        identity in statements(Kind::Identity),
        resource in statements(Kind::Resource),
        identity_deny in statement(Kind::Identity, &["Deny"]),
        resource_deny in statement(Kind::Resource, &["Deny"]),
    ) {
        let before_identity = one(Kind::Identity, &identity);
        let before_resource = one(Kind::Resource, &resource);
        let before = Policies { identity: &before_identity, resource: &before_resource, ..Policies::default() };
        let after_identity = one(Kind::Identity, &[identity, vec![identity_deny.clone()]].concat());
        let after_resource = one(Kind::Resource, &[resource, vec![resource_deny]].concat());
        let allowed = asked.of(&before).is_allowed();
        let after = [
            Policies { identity: &after_identity, ..before },
            Policies { resource: &after_resource, ..before },
        ];
        for after in after {
            prop_assert!(allowed || !asked.of(&after).is_allowed());
        }
    }

    #[test]
    fn boundary_session_and_guards_never_allow_more(
        asked in asked(),
        identity in statements(Kind::Identity),
        resource in statements(Kind::Resource),
        limit in statements(Kind::Identity),
        guard in statements(Kind::Identity),
    ) {
        let identity = one(Kind::Identity, &identity);
        let resource = one(Kind::Resource, &resource);
        let limit = one(Kind::Identity, &limit);
        let mut guards = one(Kind::Identity, &guard);
        let before = Policies { identity: &identity, resource: &resource, guards: &guards, ..Policies::default() };
        let allowed = asked.of(&before).is_allowed();
        let bounded = Policies { boundary: limit.first(), ..before };
        prop_assert!(allowed || !asked.of(&bounded).is_allowed());
        let in_session = Policies { session: Some(&limit), ..before };
        prop_assert!(allowed || !asked.of(&in_session).is_allowed());
        // A session without rights has only what the resource grants its user or session in person.
        let in_empty_session = Policies { session: Some(&[]), ..before };
        let of_resource = Policies { identity: &[], ..before };
        prop_assert!(asked.of(&of_resource).is_allowed() || !asked.of(&in_empty_session).is_allowed());
        guards.extend(limit);
        let after = Policies { identity: &identity, resource: &resource, guards: &guards, ..Policies::default() };
        prop_assert!(allowed || !asked.of(&after).is_allowed());
    }

    #[test]
    fn the_order_of_statements_and_policies_does_not_matter(
        asked in asked(),
        identity in statements(Kind::Identity).prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        resource in statements(Kind::Resource).prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
    ) {
        let decide = |identity: &[Policy], resource: &[Policy]| {
            let decision = asked.of(&Policies { identity, resource, ..Policies::default() });
            let explicit = matches!(decision, Decision::Deny { reason: Reason::Explicit(_) });
            (decision.is_allowed(), explicit)
        };
        let together = decide(&one(Kind::Identity, &identity.0), &one(Kind::Resource, &resource.0));
        let shuffled = decide(&one(Kind::Identity, &identity.1), &one(Kind::Resource, &resource.1));
        prop_assert_eq!(together, shuffled);
        let apart: Vec<Policy> = identity.1.iter().map(|text| policy("p", Kind::Identity, text)).collect();
        prop_assert_eq!(together, decide(&apart, &one(Kind::Resource, &resource.1)));
    }

    #[test]
    fn an_action_and_its_opposite_split_all_requests(asked in asked(), action in action(), rest in rest(Kind::Identity)) {
        let denied = |element: &str| {
            let statements = format!(r#"{{"Effect":"Deny","{element}":{action},{rest}}}"#);
            let identity = [policy("p", Kind::Identity, &statements)];
            matches!(
                asked.of(&Policies { identity: &identity, ..Policies::default() }),
                Decision::Deny { reason: Reason::Explicit(_) }
            )
        };
        let star = [policy("p", Kind::Identity, &format!(r#"{{"Effect":"Deny","Action":"*",{rest}}}"#))];
        let applies = matches!(
            asked.of(&Policies { identity: &star, ..Policies::default() }),
            Decision::Deny { reason: Reason::Explicit(_) }
        );
        prop_assert_eq!(applies, denied("Action") != denied("NotAction"));
        prop_assert!(!(denied("Action") && denied("NotAction")));
    }

    #[test]
    fn the_value_of_a_variable_is_always_literal(name in "[*?a-c$:{}]{1,4}", own in "[*?a-c$:{}]{1,4}") {
        let text = r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecr:*:*:repository/${aws:username}/x"}"#;
        let identity = [policy("p", Kind::Identity, text)];
        let asked = Asked {
            principal: user(HOME, &own),
            action: "ecr:PutImage",
            resource: repository(HOME, &format!("{name}/x")),
            context: Context::new(),
        };
        let decision = asked.of(&Policies { identity: &identity, ..Policies::default() });
        prop_assert_eq!(decision.is_allowed(), name == own);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), kind in select(vec![Kind::Identity, Kind::Resource, Kind::Trust])) {
        let _ = Document::parse(&text, kind, 10_240);
        let condition = serde_json::json!({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*",
            "Resource": [format!("arn:{text}")], "Condition": {"StringLike": {text.as_str(): text.as_str()}}}});
        let _ = Document::parse(&condition.to_string(), kind, 10_240);
    }

    #[test]
    fn damage_to_a_document_is_survived_and_never_widens_to_a_stored_allow(
        asked in asked(),
        statements in statements(Kind::Identity),
        at in any::<prop::sample::Index>(),
        byte in select(b"\"{}[],:*?$x \\".to_vec()),
    ) {
        let mut text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(",")).into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let text = String::from_utf8(text).unwrap();
        let document = Document::from_stored(&text, Kind::Identity);
        let unreadable = document.fault().is_some();
        prop_assert_eq!(unreadable, Document::parse(&text, Kind::Identity, 10_240).is_err());
        let identity = [Policy { label: "p".into(), document: document.into() }];
        let decision = asked.of(&Policies { identity: &identity, ..Policies::default() });
        prop_assert!(!unreadable || !decision.is_allowed());
    }

    #[test]
    fn white_space_and_the_order_of_members_carry_no_meaning(statements in statements(Kind::Resource)) {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let parse = |text: &str| Document::parse(text, Kind::Resource, 102_400).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(parse(&text), parse(&pretty));
        prop_assert_eq!(parse(&text), parse(&serde_json::to_string(&value).unwrap()));
    }
}
