//! Conditions as AWS documents them, in tables of condition, value of the key in the request, and whether it holds.

use super::*;
use crate::context::Context;
use crate::principal::Principal;
use crate::request::Request;

fn compile(text: &str) -> Result<Vec<Condition>> {
    parse(&Node::parse(text).unwrap(), Version::V2012, &Place::Root)
}

fn holds_for(text: &str, values: &[&str], effect: Effect) -> bool {
    let principal = Principal::root("111122223333");
    let mut context = Context::new();
    context.set_all("test:key", values.iter().map(|value| (*value).to_owned()));
    let request = Request { principal: &principal, action: "ecr:PutImage", resource: "*", context: &context };
    let scope = Scope::new(&request, "111122223333");
    compile(text).unwrap().iter().all(|condition| condition.holds(&scope, effect))
}

fn holds(operator: &str, wanted: &str, values: &[&str]) -> bool {
    holds_for(&format!(r#"{{"{operator}":{{"test:Key":{wanted}}}}}"#), values, Effect::Allow)
}

#[test]
fn operators_compare_single_values() {
    let cases = [
        ("StringEquals", r#""a""#, "a", true),
        ("StringEquals", r#""a""#, "A", false),
        ("StringEquals", r#""a*""#, "ab", false),
        ("StringEquals", r#"["b","a"]"#, "a", true),
        ("StringNotEquals", r#"["b","a"]"#, "a", false),
        ("StringNotEquals", r#"["b","a"]"#, "c", true),
        ("StringEqualsIgnoreCase", r#""Straße""#, "sTRAßE", true),
        ("StringNotEqualsIgnoreCase", r#""a""#, "A", false),
        ("StringLike", r#""a*c?""#, "abbcd", true),
        ("StringLike", r#""a*c?""#, "abbc", false),
        ("StringNotLike", r#""a*""#, "ab", false),
        ("StringNotLike", r#""a*""#, "ba", true),
        ("StringLike", r#""${aws:PrincipalAccount}-*""#, "111122223333-x", true),
        ("NumericEquals", "10", "10.0", true),
        ("NumericNotEquals", r#""10""#, "11", true),
        ("NumericLessThan", "10", "9.5", true),
        ("NumericLessThan", "10", "10", false),
        ("NumericLessThanEquals", "10", "10", true),
        ("NumericGreaterThan", "10", "10", false),
        ("NumericGreaterThanEquals", "10", "10", true),
        ("NumericLessThan", "10", "ten", false),
        ("DateEquals", r#""2023-11-14T22:13:20Z""#, "1700000000", true),
        ("DateNotEquals", r#""2023-11-14""#, "2023-11-14T00:00:00Z", false),
        ("DateLessThan", r#""2024-01-01""#, "2023-12-31T23:59:59Z", true),
        ("DateGreaterThan", r#""2024-01-01""#, "2024-01-01T00:00:00Z", false),
        ("DateGreaterThanEquals", "1704067200", "2024-01-01T00:00:00Z", true),
        ("DateLessThanEquals", r#""2024-01-01""#, "yesterday", false),
        ("Bool", "true", "true", true),
        ("Bool", r#""false""#, "false", true),
        ("Bool", r#""False""#, "false", true),
        ("Bool", "true", "false", false),
        ("Bool", "true", "1", false),
        ("BinaryEquals", r#""Zm9v""#, "Zm9v", true),
        ("BinaryEquals", r#""Zm9v""#, "Zm9w", false),
        ("IpAddress", r#"["192.0.2.0/24","2001:db8::/32"]"#, "2001:db8::7", true),
        ("IpAddress", r#""192.0.2.0/24""#, "::ffff:192.0.2.7", true),
        ("IpAddress", r#""192.0.2.0/24""#, "198.51.100.1", false),
        ("NotIpAddress", r#""192.0.2.0/24""#, "198.51.100.1", true),
        ("NotIpAddress", r#""192.0.2.0/24""#, "192.0.2.1", false),
        ("ArnLike", r#""arn:aws:iam::*:role/ci-*""#, "arn:aws:iam::111122223333:role/ci-1", true),
        ("ArnEquals", r#""arn:aws:iam::*:role/ci-*""#, "arn:aws:iam::111122223333:role/ci-1", true),
        ("ArnNotLike", r#""arn:aws:iam::*:role/ci-*""#, "arn:aws:iam::111122223333:role/ci-1", false),
        ("ArnNotEquals", r#""arn:aws:iam::*:role/ci-*""#, "arn:aws:iam::111122223333:role/cd", true),
        ("Null", "true", "x", false),
        ("Null", "false", "x", true),
    ];
    for (operator, wanted, value, expected) in cases {
        assert_eq!(holds(operator, wanted, &[value]), expected, "{operator} {wanted} on {value}");
    }
}

#[test]
fn missing_keys_satisfy_negations_if_exists_and_for_all_values_only() {
    let cases = [
        ("StringEquals", r#""a""#, false),
        ("StringLike", r#""*""#, false),
        ("StringNotEquals", r#""a""#, true),
        ("StringNotLike", r#""*""#, true),
        ("StringNotEqualsIgnoreCase", r#""a""#, true),
        ("NumericLessThan", "1", false),
        ("NumericNotEquals", "1", true),
        ("DateGreaterThan", "1", false),
        ("DateNotEquals", "1", true),
        ("Bool", "false", false),
        ("BinaryEquals", r#""Zm9v""#, false),
        ("IpAddress", r#""0.0.0.0/0""#, false),
        ("NotIpAddress", r#""0.0.0.0/0""#, true),
        ("ArnLike", r#""*""#, false),
        ("ArnNotLike", r#""arn:aws:a:b:c:d""#, true),
        ("Null", "true", true),
        ("Null", "false", false),
        ("Null", "[true,false]", true),
        ("StringEqualsIfExists", r#""a""#, true),
        ("StringNotEqualsIfExists", r#""a""#, true),
        ("BoolIfExists", "true", true),
        ("IpAddressIfExists", r#""192.0.2.1""#, true),
        ("ForAllValues:StringEquals", r#""a""#, true),
        ("ForAllValues:StringNotEquals", r#""a""#, true),
        ("ForAnyValue:StringEquals", r#""a""#, false),
        ("ForAnyValue:StringNotEquals", r#""a""#, false),
        ("ForAnyValue:StringEqualsIfExists", r#""a""#, true),
    ];
    for (operator, wanted, expected) in cases {
        assert_eq!(holds(operator, wanted, &[]), expected, "{operator} {wanted}");
    }
}

#[test]
fn quantifiers_take_the_values_together() {
    let cases: [(&str, &str, &[&str], bool); 12] = [
        ("ForAllValues:StringEquals", r#"["a","b"]"#, &["a"], true),
        ("ForAllValues:StringEquals", r#"["a","b"]"#, &["a", "b"], true),
        ("ForAllValues:StringEquals", r#"["a","b"]"#, &["a", "c"], false),
        ("ForAnyValue:StringEquals", r#"["a","b"]"#, &["c", "b"], true),
        ("ForAnyValue:StringEquals", r#"["a","b"]"#, &["c", "d"], false),
        // Negated: each value (or one) must equal none of the policy's.
        ("ForAllValues:StringNotEquals", r#"["a","b"]"#, &["c", "d"], true),
        ("ForAllValues:StringNotEquals", r#"["a","b"]"#, &["c", "b"], false),
        ("ForAnyValue:StringNotEquals", r#"["a","b"]"#, &["a", "c"], true),
        ("ForAnyValue:StringNotEquals", r#"["a","b"]"#, &["a", "b"], false),
        ("ForAnyValue:StringLike", r#""x-*""#, &["a", "x-1"], true),
        ("ForAnyValue:NumericLessThan", "5", &["9", "4"], true),
        ("ForAllValues:ArnLike", r#""arn:aws:iam::*:role/*""#, &["arn:aws:iam::1:role/a", "x"], false),
    ];
    for (operator, wanted, values, expected) in cases {
        assert_eq!(holds(operator, wanted, values), expected, "{operator} {wanted} on {values:?}");
    }
}

#[test]
fn several_values_without_a_quantifier_are_read_against_the_caller() {
    let positive = r#"{"StringEquals":{"test:key":"a"}}"#;
    assert!(!holds_for(positive, &["a", "b"], Effect::Allow));
    assert!(holds_for(positive, &["a", "b"], Effect::Deny));
    let negative = r#"{"StringNotEquals":{"test:key":"a"}}"#;
    assert!(!holds_for(negative, &["a", "b"], Effect::Allow));
    assert!(holds_for(negative, &["a", "b"], Effect::Deny));
}

#[test]
fn what_cannot_be_compared_never_helps_the_caller() {
    let unknown_variable = r#"{"StringNotEquals":{"test:key":"${aws:PrincipalTag/none}"}}"#;
    assert!(!holds_for(unknown_variable, &["a"], Effect::Allow));
    assert!(holds_for(unknown_variable, &["a"], Effect::Deny));
    assert!(!holds_for(r#"{"StringEquals":{"test:key":"${aws:PrincipalTag/none}"}}"#, &["a"], Effect::Allow));
    let wrong_type = r#"{"NotIpAddress":{"test:key":"192.0.2.0/24"}}"#;
    assert!(!holds_for(wrong_type, &["somewhere"], Effect::Allow));
    assert!(holds_for(wrong_type, &["somewhere"], Effect::Deny));
    // One value that compares is an answer, whatever the others are.
    let mixed = r#"{"StringNotEquals":{"test:key":["${aws:PrincipalTag/none}","a"]}}"#;
    assert!(!holds_for(mixed, &["a"], Effect::Deny));
}

#[test]
fn keys_and_operators_are_all_required() {
    let both =
        r#"{"StringEquals":{"test:key":"a","aws:PrincipalType":"Account"},"Bool":{"aws:PrincipalIsAWSService":false}}"#;
    assert!(holds_for(both, &["a"], Effect::Allow));
    assert!(!holds_for(both, &["b"], Effect::Allow));
    let other = r#"{"StringEquals":{"test:key":"a","aws:PrincipalType":"User"}}"#;
    assert!(!holds_for(other, &["a"], Effect::Allow));
    assert!(holds_for("{}", &[], Effect::Allow));
}

#[test]
fn conditions_that_are_not_understood_are_errors() {
    let cases = [
        (r#"{"StringFoo":{"aws:a":"b"}}"#, "StringFoo: unknown operator"),
        (r#"{"stringequals":{"aws:a":"b"}}"#, "stringequals: unknown operator"),
        (r#"{"ForSomeValues:StringEquals":{"aws:a":"b"}}"#, "ForSomeValues:StringEquals: unknown operator"),
        (r#"{"NullIfExists":{"aws:a":"true"}}"#, "NullIfExists: unknown operator"),
        (r#"{"ForAnyValue:Null":{"aws:a":"true"}}"#, "ForAnyValue:Null: unknown operator"),
        (r#"{"StringEqualsIfExistsIfExists":{"aws:a":"b"}}"#, "StringEqualsIfExistsIfExists: unknown operator"),
        (r#"{"StringEquals":{}}"#, "StringEquals: names no condition key"),
        (r#"{"StringEquals":{"a":"b"}}"#, "StringEquals.a: is not a condition key"),
        (r#"{"StringEquals":"b"}"#, "StringEquals: must be an object, not a string"),
        (r#"{"StringEquals":{"aws:a":[]}}"#, "StringEquals.aws:a: must not be an empty list"),
        (
            r#"{"StringEquals":{"aws:a":[["b"]]}}"#,
            "StringEquals.aws:a: must be a string, a number or a boolean, not a list",
        ),
        (r#"{"NumericEquals":{"aws:a":"ten"}}"#, "NumericEquals.aws:a: must be a number, not ten"),
        (r#"{"DateEquals":{"aws:a":"soon"}}"#, "DateEquals.aws:a: must be a date, not soon"),
        (r#"{"Bool":{"aws:a":"yes"}}"#, "Bool.aws:a: must be true or false, not yes"),
        (r#"{"BinaryEquals":{"aws:a":"?"}}"#, "BinaryEquals.aws:a: must be base64, not ?"),
        (
            r#"{"IpAddress":{"aws:a":"1.2.3.4/64"}}"#,
            "IpAddress.aws:a: must be an address or a CIDR block, not 1.2.3.4/64",
        ),
        (r#"{"ArnLike":{"aws:a":"role/x"}}"#, "ArnLike.aws:a: must be an ARN with its six fields"),
    ];
    for (text, expected) in cases {
        assert_eq!(compile(text).unwrap_err().to_string(), expected);
    }
}
