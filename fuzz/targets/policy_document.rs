//! Policy documents: parsing and evaluation. What cannot be parsed must deny when it is found in the database, what
//! holds no `Allow` must never allow, and limiting a caller by the very policy that allows must change nothing.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wharf_policy::{Context, Document, Kind, Policies, Policy, Principal, PrincipalKind, Request, evaluate};

const ACCOUNT: &str = "111122223333";
const REQUESTS: [(&str, &str); 4] = [
    ("ecr:PutImage", "arn:aws:ecr:us-east-1:111122223333:repository/team/app"),
    ("ecr:BatchGetImage", "arn:aws:ecr:us-east-1:111122223333:repository/anna"),
    ("ecr:GetAuthorizationToken", "*"),
    ("sts:AssumeRole", "arn:aws:iam::111122223333:role/ci"),
];

static PRINCIPALS: LazyLock<Vec<Principal>> = LazyLock::new(|| {
    let user = |account: &str| Principal {
        account: account.into(),
        arn: format!("arn:aws:iam::{account}:user/anna"),
        user_id: "AIDAEXAMPLEANNA00001".into(),
        kind: PrincipalKind::User { name: "anna".into() },
    };
    let session = Principal {
        account: ACCOUNT.into(),
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/run"),
        user_id: "AROAEXAMPLECI0000001:run".into(),
        kind: PrincipalKind::RoleSession { role_arn: format!("arn:aws:iam::{ACCOUNT}:role/ci") },
    };
    vec![user(ACCOUNT), user("444455556666"), session, Principal::anonymous()]
});

static CONTEXT: LazyLock<Context> = LazyLock::new(|| {
    let mut context = Context::new();
    context
        .set_bool("aws:SecureTransport", true)
        .set_address("aws:SourceIp", "192.0.2.7".parse().expect("an address"))
        .set("aws:CurrentTime", "2026-11-23T12:00:00Z")
        .set("aws:PrincipalTag/team", "*")
        .set_all("aws:TagKeys", ["team".to_owned(), "stage".to_owned()]);
    context
});

fuzz_target!(|text: &str| {
    for kind in [Kind::Identity, Kind::Resource, Kind::Trust] {
        check(text, kind);
    }
});

fn check(text: &str, kind: Kind) {
    let document = Document::from_stored(text, kind);
    assert_eq!(Document::parse(text, kind, text.len()).err().as_ref(), document.fault());
    let may_allow = document.fault().is_none() && holds_allow(text);
    let policy = [Policy { label: "fuzzed".into(), document: Arc::new(document) }];
    for principal in PRINCIPALS.iter() {
        for (action, resource) in REQUESTS {
            let request = Request { principal, action, resource, context: &*CONTEXT };
            let decide = |policies: Policies| evaluate(&policies, &request, ACCOUNT).is_allowed();
            if kind != Kind::Identity {
                assert!(may_allow || !decide(Policies { resource: &policy, ..Policies::default() }));
                continue;
            }
            let alone = Policies { identity: &policy, ..Policies::default() };
            let limited = Policies { boundary: policy.first(), session: Some(&policy), guards: &policy, ..alone };
            assert!(may_allow || !decide(alone));
            assert_eq!(decide(alone), decide(limited));
        }
    }
}

/// Whether any statement has the effect `Allow`, by another reader than ours.
fn holds_allow(text: &str) -> bool {
    let document: Value = serde_json::from_str(text).expect("what was parsed is JSON");
    let allows = |statement: &Value| statement["Effect"] == "Allow";
    match &document["Statement"] {
        Value::Array(statements) => statements.iter().any(allows),
        statement => allows(statement),
    }
}
