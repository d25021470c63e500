//! Documents and a request together: what evaluation decides must hold whatever stands in them. A deny that is added
//! never allows more, the order of policies does not matter, and the simulator's view agrees with the judge's.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use wharf_policy::{
    Context, Decision, Document, Kind, Policies, Policy, Principal, PrincipalKind, Reason, Request, denial_message,
    evaluate, explain, statement_positions,
};

const ACCOUNT: &str = "111122223333";
const DENY: &str = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

fn policy(text: &str, kind: Kind) -> Policy {
    Policy { label: "fuzzed".into(), document: Arc::new(Document::from_stored(text, kind)) }
}

fn principals(name: &str) -> [Principal; 4] {
    let user = |account: &str| Principal {
        account: account.into(),
        arn: format!("arn:aws:iam::{account}:user/{name}"),
        user_id: "AIDAEXAMPLEUSER00001".into(),
        kind: PrincipalKind::User { name: name.into() },
    };
    let session = Principal {
        account: ACCOUNT.into(),
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/{name}"),
        user_id: format!("AROAEXAMPLECI0000001:{name}"),
        kind: PrincipalKind::RoleSession { role_arn: format!("arn:aws:iam::{ACCOUNT}:role/ci") },
    };
    [user(ACCOUNT), user("444455556666"), session, Principal::anonymous()]
}

// The parts are separated by a byte that JSON cannot hold: two identity policies, a resource policy, a limit, then a name,
// an action, a resource and values of a condition key.
fuzz_target!(|input: &str| {
    let parts: Vec<&str> = input.split('\u{1}').collect();
    let &[first, second, resource, limit, name, action, arn, ref values @ ..] = &parts[..] else { return };
    let identity = [policy(first, Kind::Identity), policy(second, Kind::Identity)];
    let reversed = [identity[1].clone(), identity[0].clone()];
    let resource_kind = if action.starts_with("sts:") { Kind::Trust } else { Kind::Resource };
    let resource = [policy(resource, resource_kind)];
    let limit = [policy(limit, Kind::Identity)];
    let deny = [policy(DENY, Kind::Identity)];
    let mut context = Context::new();
    context.set_all("aws:TagKeys", values.iter().map(|value| (*value).to_owned()));
    context.set("aws:PrincipalTag/team", name);
    let _ = identity[0].document.context_keys();
    let _ = statement_positions(first);
    for principal in principals(name) {
        let request = Request { principal: &principal, action, resource: arn, context: &context };
        let decide = |policies: Policies| evaluate(&policies, &request, ACCOUNT);
        let all = Policies { identity: &identity, resource: &resource, ..Policies::default() };
        let decision = decide(all);
        let too_complex = decision == Decision::Deny { reason: Reason::TooComplex };
        assert_eq!(decision.is_allowed(), denial_message(&decision, &request).is_none());
        assert_eq!(explain(&all, &request, ACCOUNT).decision, decision);
        assert_eq!(decide(Policies { identity: &reversed, ..all }).is_allowed(), decision.is_allowed());
        for denied in [
            Policies { identity: &[identity[0].clone(), deny[0].clone()], ..all },
            Policies { boundary: deny.first(), ..all },
            Policies { session: Some(&deny), ..all },
            Policies { guards: &deny, ..all },
        ] {
            assert!(!decide(denied).is_allowed());
        }
        for limited in [
            Policies { boundary: limit.first(), ..all },
            Policies { session: Some(&limit), ..all },
            Policies { guards: &limit, ..all },
        ] {
            assert!(decision.is_allowed() || too_complex || !decide(limited).is_allowed());
        }
    }
});
