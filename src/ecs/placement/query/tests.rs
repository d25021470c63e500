//! Expressions, as AWS's guide writes them, with the hosts that they are about.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use types::Timestamp;

use super::super::Host;
use super::parse;

fn host() -> Host {
    let attributes = [
        ("ecs.instance-type", "t2.small"),
        ("ecs.availability-zone", "us-east-1a"),
        ("ecs.os-type", "linux"),
        ("stack", "prod blue"),
        ("cores", "16"),
        ("ssd", ""),
    ];
    Host {
        id: "0123".to_owned(),
        active: true,
        connected: true,
        attributes: attributes
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        running_tasks: 2,
        groups: HashMap::from([("service:web".to_owned(), 2), ("gone".to_owned(), 0)]),
        registered_at: Timestamp::from_micros(1_710_800_908_000_000), // 2024-03-18T22:28:28Z
        agent_version: Some("1.105.1".to_owned()),
        ec2_instance_id: Some("i-0abc".to_owned()),
        ..Host::default()
    }
}

#[track_caller]
fn holds(expression: &str) -> bool {
    parse(expression).unwrap_or_else(|error| panic!("{expression}: {error:?}")).matches(&host())
}

#[test]
fn what_holds_holds_and_its_opposite_does_not() {
    for (yes, no) in [
        ("attribute:ecs.instance-type == t2.small", "attribute:ecs.instance-type != t2.small"),
        ("attribute:ecs.instance-type equals t2.small", "attribute:ecs.instance-type not_equals t2.small"),
        (
            "attribute:ecs.availability-zone in [us-east-1a, us-east-1b]",
            "attribute:ecs.availability-zone !in [us-east-1a,us-east-1b]",
        ),
        ("attribute:ecs.availability-zone not_in [eu-west-1a]", "attribute:ecs.availability-zone in [eu-west-1a]"),
        ("attribute:ecs.instance-type =~ t2.*", "attribute:ecs.instance-type !~ t2.*"),
        ("attribute:ecs.instance-type matches t[23]\\.small", "attribute:ecs.instance-type =~ small"),
        ("attribute:ssd exists", "attribute:ssd !exists"),
        ("attribute:gpu not_exists", "attribute:gpu exists"),
        ("attribute:gpu != nvidia", "attribute:gpu == nvidia"),
        ("attribute:stack == \"prod blue\"", "attribute:stack == 'prod'"),
        ("attribute:cores > 9", "attribute:cores <= 9"),
        ("attribute:cores>=16", "attribute:cores<16"),
        ("agentConnected == true", "agentConnected == false"),
        ("agentVersion > 1.9", "agentVersion < 1.102.0"),
        ("agentVersion == 1.105.1", "agentVersion greater_than 1.105.1"),
        ("ec2InstanceId in ['i-0abc', 'i-1']", "ec2InstanceId == i-1"),
        ("registeredAt < 2025-01-01", "registeredAt > 2024-03-18T22:28:29+00:00"),
        ("runningTasksCount == 2", "runningTasksCount less_than 2"),
        ("task:group == service:web", "task:group == gone"),
        ("task:group =~ service:.*", "task:group exists and task:group !exists"),
        ("not(task:group == database)", "!(task:group == service:web)"),
        (
            "attribute:ecs.instance-type =~ t2.* and attribute:ecs.availability-zone != us-east-1d",
            "attribute:ecs.os-type == linux and attribute:ecs.os-type == windows",
        ),
        // And binds stronger than or.
        (
            "attribute:a == 1 && attribute:b == 2 || attribute:ssd exists",
            "(attribute:ssd exists || attribute:b == 2) && attribute:a == 1",
        ),
        ("!attribute:gpu exists", "! not attribute:gpu exists"),
        ("attribute:'ecs.os-type' == linux", "attribute:\"x=y\" exists"),
    ] {
        assert!(holds(yes), "{yes}");
        assert!(!holds(no), "{no}");
    }
}

#[test]
fn what_is_no_expression_is_refused() {
    for text in [
        "",
        "attribute:x",
        "attribute: == x",
        "x == y",
        "attribute:x ==",
        "attribute:x == y z",
        "attribute:x = y",
        "(attribute:x exists",
        "attribute:x exists)",
        "attribute:x in [a, b",
        "attribute:x in []",
        "attribute:x == 'y",
        "attribute:x =~ '('",
        "attribute:x =~ '(?=a)b'",
        "attribute:x =~ '((a{100}){100}){100}'",
        "attribute:x exists &&",
        "&& attribute:x exists",
        "registeredAt > yesterday",
        "runningTasksCount > many",
        "agentConnected == perhaps",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(parse(&"(".repeat(1900)).is_err());
    assert!(parse(&"! ".repeat(900)).is_err());
    assert!(parse(&format!("attribute:x == {}", "y".repeat(2000))).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(attribute:[a-z]|task:group|==|!|in|=~|[()\\[\\],'\"]|and|[a-z*.]{1,3}| ){0,20}") {
        if let Ok(expression) = parse(&text) {
            let _ = expression.matches(&host());
        }
    }

    #[test]
    fn not_is_the_opposite(name in "[a-d]", value in "[a-d]", operator in "(==|!=|>|<=|exists)") {
        let argument = if operator == "exists" { "" } else { &value };
        let text = format!("attribute:{name} {operator} {argument}");
        let host = Host { attributes: BTreeMap::from([("a".to_owned(), "b".to_owned())]), ..host() };
        let (plain, opposite) = (parse(&text).unwrap(), parse(&format!("not({text})")).unwrap());
        prop_assert_ne!(plain.matches(&host), opposite.matches(&host));
    }
}
