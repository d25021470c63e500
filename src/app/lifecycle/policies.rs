//! What is a valid lifecycle policy, and with which words the others are refused.

use types::StorageClass;

use super::policy::{Count, LifecyclePolicy, RuleAction, TagSelection};

fn fault(text: &str) -> String {
    match LifecyclePolicy::parse(text) {
        Ok(policy) => panic!("{text} was accepted: {policy:?}"),
        Err(fault) => fault.to_string(),
    }
}

/// A policy of one rule with this selection and action.
fn one(selection: &str, action: &str) -> String {
    format!(r#"{{"rules":[{{"rulePriority":1,"selection":{{{selection}}},"action":{{{action}}}}}]}}"#)
}

fn fault_of(selection: &str) -> String {
    fault(&one(selection, r#""type":"expire""#))
}

const COUNT: &str = r#""countType":"imageCountMoreThan","countNumber":1"#;
const EXPIRE: &str = r#""type":"expire""#;
const TRANSITION: &str = r#""type":"transition","targetStorageClass":"archive""#;

#[test]
fn a_policy_of_every_kind_of_rule() {
    let policy = LifecyclePolicy::parse(
        r#"{"rules": [
            {"rulePriority": 30, "description": "rest", "action": {"type": "expire"},
             "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100}},
            {"rulePriority": 10, "action": {"type": "expire"},
             "selection": {"tagStatus": "tagged", "tagPrefixList": ["v"], "countType": "sinceImagePushed",
                           "countUnit": "days", "countNumber": 14}},
            {"rulePriority": 15, "action": {"type": "transition", "targetStorageClass": "archive"},
             "selection": {"tagStatus": "tagged", "tagPatternList": ["*-rc*"], "storageClass": "standard",
                           "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 7}},
            {"rulePriority": 20, "action": {"type": "expire"},
             "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
                           "countNumber": 1}},
            {"rulePriority": 5, "action": {"type": "expire"},
             "selection": {"tagStatus": "any", "storageClass": "archive", "countType": "sinceImageTransitioned",
                           "countUnit": "days", "countNumber": 90}}
        ]}"#,
    )
    .unwrap();
    let rules: Vec<_> = policy.rules().iter().map(|rule| (rule.priority, rule.count, rule.action)).collect();
    assert_eq!(
        rules,
        [
            (5, Count::DaysSinceTransitioned(90), RuleAction::Expire),
            (10, Count::DaysSincePushed(14), RuleAction::Expire),
            (15, Count::DaysSincePulled(7), RuleAction::Transition),
            (20, Count::DaysSincePushed(1), RuleAction::Expire),
            (30, Count::MoreThan(100), RuleAction::Expire),
        ]
    );
    assert_eq!(policy.rules()[0].storage_class, StorageClass::Archive);
    assert_eq!(policy.rules()[1].tags, TagSelection::Prefixes(vec!["v".to_owned()]));
}

#[test]
fn documents_that_are_none() {
    for text in ["", "{", "rules", r#"{"rules":[]"#, &"[".repeat(1000)] {
        assert_eq!(fault(text), "Could not map policyString into LifecyclePolicy.");
    }
    assert_eq!(fault("{}"), r#"object has missing required properties (["rules"])"#);
    assert_eq!(
        fault(r#"[{"rules":[]}]"#),
        r#"instance type (array) does not match any allowed primitive type (allowed: ["object"])"#
    );
    assert_eq!(
        fault(r#"{"rules":{}}"#),
        r#"instance type (object) does not match any allowed primitive type (allowed: ["array"])"#
    );
    assert_eq!(
        fault(r#"{"rules":[],"rule":[],"Version":1}"#),
        r#"object instance has properties which are not allowed by the schema: ["Version","rule"]"#
    );
    assert_eq!(
        fault(r#"{"rules":[]}"#),
        "array is too short: must have at least 1 elements but instance has 0 elements"
    );
    let many = vec!["{}"; 51].join(",");
    assert_eq!(
        fault(&format!(r#"{{"rules":[{many}]}}"#)),
        "array is too long: must have at most 50 elements but instance has 51 elements"
    );
}

#[test]
fn rules_with_the_wrong_members() {
    assert_eq!(
        fault(r#"{"rules":[{}]}"#),
        r#"object has missing required properties (["action","rulePriority","selection"])"#
    );
    assert_eq!(
        fault_of(r#""tagStatus":"any""#),
        r#"object has missing required properties (["countNumber","countType"])"#
    );
    assert_eq!(
        fault_of(&format!(r#""tagStatus":"ANY",{COUNT}"#)),
        r#"instance value ("ANY") not found in enum (possible values: ["tagged","untagged","any"])"#
    );
    assert_eq!(
        fault_of(r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":0"#),
        "numeric instance is lower than the required minimum (minimum: 1, found: 0)"
    );
    assert_eq!(
        fault_of(r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":1.5"#),
        r#"instance type (number) does not match any allowed primitive type (allowed: ["integer"])"#
    );
    assert_eq!(
        fault_of(r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":"1""#),
        r#"instance type (string) does not match any allowed primitive type (allowed: ["integer"])"#
    );
    assert_eq!(
        fault_of(r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":99999999999"#),
        "numeric instance is greater than the required maximum (maximum: 2147483647, found: 99999999999)"
    );
    assert_eq!(
        fault(&one(&format!(r#""tagStatus":"any",{COUNT}"#), r#""type":"keep""#)),
        r#"instance value ("keep") not found in enum (possible values: ["expire","transition"])"#
    );
}

#[test]
fn rules_that_select_no_images() {
    for tags in ["", r#""tagPrefixList":[],"#, r#""tagPatternList":[],"#] {
        assert_eq!(
            fault_of(&format!(r#""tagStatus":"tagged",{tags}{COUNT}"#)),
            "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED"
        );
    }
    assert!(
        fault_of(&format!(r#""tagStatus":"tagged","tagPrefixList":["a"],"tagPatternList":["a"],{COUNT}"#))
            .starts_with("Only one of")
    );
    for status in ["untagged", "any"] {
        let selection = format!(r#""tagStatus":"{status}","tagPrefixList":["a"],{COUNT}"#);
        assert!(fault_of(&selection).ends_with("when tagStatus=TAGGED"));
    }
    assert!(
        fault_of(&format!(r#""tagStatus":"tagged","tagPrefixList":[""],{COUNT}"#)).starts_with("string is too short")
    );
    assert!(
        fault_of(&format!(r#""tagStatus":"tagged","tagPatternList":["*a*a*a*a*"],{COUNT}"#)).contains("4 wildcards")
    );
}

#[test]
fn counts_that_do_not_fit_their_rule() {
    let counted = |count: &str, unit: &str, more: &str, action: &str| {
        one(&format!(r#""tagStatus":"any","countType":"{count}","countNumber":90{unit}{more}"#), action)
    };
    let (days, archive) = (r#","countUnit":"days""#, r#","storageClass":"archive""#);
    for (text, valid) in [
        (counted("imageCountMoreThan", "", "", EXPIRE), true),
        (counted("imageCountMoreThan", "", "", TRANSITION), true),
        (counted("imageCountMoreThan", days, "", EXPIRE), false),
        (counted("imageCountMoreThan", "", archive, EXPIRE), false),
        (counted("sinceImagePushed", days, "", EXPIRE), true),
        (counted("sinceImagePushed", days, "", TRANSITION), true),
        (counted("sinceImagePushed", "", "", EXPIRE), false),
        (counted("sinceImagePushed", days, archive, EXPIRE), false),
        (counted("sinceImagePulled", days, "", TRANSITION), true),
        (counted("sinceImagePulled", days, "", EXPIRE), false),
        (counted("sinceImageTransitioned", days, archive, EXPIRE), true),
        (counted("sinceImageTransitioned", days, "", EXPIRE), false),
        (counted("sinceImageTransitioned", days, archive, TRANSITION), false),
        (counted("sinceImagePushed", days, "", r#""type":"transition""#), false),
        (counted("sinceImagePushed", days, "", r#""type":"expire","targetStorageClass":"archive""#), false),
    ] {
        assert_eq!(LifecyclePolicy::parse(&text).is_ok(), valid, "{text}");
    }
}

#[test]
fn rules_that_do_not_fit_one_another() {
    let rules = |rules: &[(u32, &str)]| {
        let rules: Vec<String> = rules
            .iter()
            .map(|(priority, selection)| {
                format!(r#"{{"rulePriority":{priority},"selection":{{{selection}}},"action":{{{EXPIRE}}}}}"#)
            })
            .collect();
        format!(r#"{{"rules":[{}]}}"#, rules.join(","))
    };
    let any = &format!(r#""tagStatus":"any",{COUNT}"#);
    let untagged = &format!(r#""tagStatus":"untagged",{COUNT}"#);
    let prefixes = |list: &str| format!(r#""tagStatus":"tagged","tagPrefixList":{list},{COUNT}"#);
    assert!(fault(&rules(&[(1, untagged), (1, any)])).contains("rulePriority 1"));
    assert_eq!(
        fault(&rules(&[(1, untagged), (2, untagged)])),
        "Only one rule can select Untagged images per storage class"
    );
    for list in [&[(1, any.as_str()), (2, untagged)], &[(1, any), (2, any)]] {
        assert_eq!(fault(&rules(list)), "Rule for tagStatus=ANY must have the lowest priority per storage class");
    }
    let (ab, ba) = (prefixes(r#"["a","b"]"#), prefixes(r#"["b","a","a"]"#));
    assert!(fault(&rules(&[(1, &ab), (2, &ba)])).contains("tagPrefixList must be unique"));
    assert!(LifecyclePolicy::parse(&rules(&[(1, &ab), (2, &prefixes(r#"["a"]"#)), (3, untagged), (9, any)])).is_ok());
}
