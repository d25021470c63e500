//! Principals by actions by places, with the decision and the statement that makes it.

use wharf_policy::{Kind, Policy, Principal};

use crate::world::{AWAY, HOME, decide, policy, repository, service, session, told, user};

const PULL: &str = r#"["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:BatchCheckLayerAvailability"]"#;
const PUSH: &str = r#"["ecr:PutImage","ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload"]"#;

struct Caller {
    name: &'static str,
    principal: Principal,
    identity: Vec<Policy>,
}

fn callers() -> Vec<Caller> {
    let identity = |label, statements: &str| policy(label, Kind::Identity, statements);
    let pull = || {
        let token = r#"{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}"#;
        let all = format!(r#"{{"Effect":"Allow","Action":{PULL},"Resource":"arn:aws:ecr:*:*:repository/*"}}"#);
        identity("pull", &format!("{token},{all}"))
    };
    let push = || {
        let team = format!(
            r#"{{"Effect":"Allow","Action":{PUSH},"Resource":"arn:aws:ecr:us-east-1:{HOME}:repository/team/*"}}"#
        );
        identity("push", &team)
    };
    let admin = || identity("admin", r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let no_delete =
        || identity("no-delete", r#"{"Effect":"Deny","Action":["ecr:Delete*","ecr:BatchDelete*"],"Resource":"*"}"#);
    let caller = |name, principal, identity| Caller { name, principal, identity };
    vec![
        caller("root", Principal::root(HOME), vec![]),
        caller("admin", user(HOME, "admin"), vec![admin()]),
        caller("careful", user(HOME, "careful"), vec![admin(), no_delete()]),
        caller("ci", session(HOME, "ci", "run-1"), vec![pull(), push()]),
        caller("reader", user(HOME, "reader"), vec![pull()]),
        caller("none", user(HOME, "none"), vec![]),
        caller("named", user(HOME, "named"), vec![]),
        caller("away-root", Principal::root(AWAY), vec![]),
        caller("away-admin", user(AWAY, "admin"), vec![admin()]),
        caller("away-none", user(AWAY, "none"), vec![]),
        caller("replication", service("replication.ecr.amazonaws.com"), vec![]),
        caller("anonymous", Principal::anonymous(), vec![]),
    ]
}

/// Which repository policy stands on which repository of account HOME.
fn repository_policy(name: &str) -> Vec<Policy> {
    let statements = match name {
        "team/app" => return vec![],
        "public/app" => format!(r#"{{"Effect":"Allow","Principal":"*","Action":{PULL}}}"#),
        "shared/app" => format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":["{AWAY}","{HOME}"]}},"Action":{PULL}}},
               {{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{HOME}:user/named"}},"Action":"ecr:*"}},
               {{"Effect":"Allow","Principal":{{"Service":"replication.ecr.amazonaws.com"}},"Action":"ecr:ReplicateImage"}}"#
        ),
        "frozen/app" => format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":{PUSH}}},
               {{"Effect":"Allow","Principal":{{"AWS":"{AWAY}"}},"Action":"ecr:*"}}"#
        ),
        other => panic!("no such repository: {other}"),
    };
    vec![policy("repository", Kind::Resource, &statements)]
}

fn check(repository_name: &str, actions: [&str; 4], expected: &[(&str, [&str; 4])]) {
    let callers = callers();
    assert_eq!(callers.len(), expected.len());
    let resource = repository_policy(repository_name);
    let arn = repository(HOME, repository_name);
    for (caller, (name, cells)) in callers.iter().zip(expected) {
        assert_eq!(caller.name, *name);
        let found = actions.map(|action| told(&decide(&caller.identity, &resource, &caller.principal, action, &arn)));
        assert_eq!(found.each_ref().map(String::as_str), *cells, "{name} on {repository_name}");
    }
}

const ACTIONS: [&str; 4] = ["ecr:BatchGetImage", "ecr:PutImage", "ecr:DeleteRepository", "ecr:ReplicateImage"];

#[test]
fn without_a_repository_policy_identity_policies_decide() {
    let none = ["no identity"; 4];
    let nobody = ["no resource"; 4];
    check(
        "team/app",
        ACTIONS,
        &[
            ("root", ["allow root"; 4]),
            ("admin", ["allow admin[0]"; 4]),
            ("careful", ["allow admin[0]", "allow admin[0]", "deny no-delete[0]", "allow admin[0]"]),
            ("ci", ["allow pull[1]", "allow push[0]", "no identity", "no identity"]),
            ("reader", ["allow pull[1]", "no identity", "no identity", "no identity"]),
            ("none", none),
            ("named", none),
            ("away-root", nobody),
            ("away-admin", nobody),
            ("away-none", none),
            ("replication", nobody),
            ("anonymous", nobody),
        ],
    );
}

#[test]
fn a_public_repository_is_pulled_by_everybody_and_across_accounts_by_permission() {
    let public = ["allow repository[0]", "no identity", "no identity", "no identity"];
    check(
        "public/app",
        ACTIONS,
        &[
            ("root", ["allow root"; 4]),
            ("admin", ["allow admin[0]"; 4]),
            ("careful", ["allow admin[0]", "allow admin[0]", "deny no-delete[0]", "allow admin[0]"]),
            ("ci", ["allow pull[1]", "no identity", "no identity", "no identity"]),
            ("reader", ["allow pull[1]", "no identity", "no identity", "no identity"]),
            ("none", public),
            ("named", public),
            ("away-root", ["allow repository[0]", "no resource", "no resource", "no resource"]),
            ("away-admin", ["allow repository[0]", "no resource", "no resource", "no resource"]),
            ("away-none", ["no identity"; 4]),
            ("replication", ["allow repository[0]", "no resource", "no resource", "no resource"]),
            ("anonymous", ["allow repository[0]", "no resource", "no resource", "no resource"]),
        ],
    );
}

#[test]
fn naming_an_account_delegates_and_naming_a_user_grants() {
    check(
        "shared/app",
        ACTIONS,
        &[
            ("root", ["allow root"; 4]),
            ("admin", ["allow admin[0]"; 4]),
            ("careful", ["allow admin[0]", "allow admin[0]", "deny no-delete[0]", "allow admin[0]"]),
            ("ci", ["allow pull[1]", "no identity", "no identity", "no identity"]),
            ("reader", ["allow pull[1]", "no identity", "no identity", "no identity"]),
            ("none", ["no identity"; 4]),
            ("named", ["allow repository[1]"; 4]),
            ("away-root", ["allow repository[0]", "no resource", "no resource", "no resource"]),
            ("away-admin", ["allow repository[0]", "no resource", "no resource", "no resource"]),
            ("away-none", ["no identity"; 4]),
            ("replication", ["no resource", "no resource", "no resource", "allow repository[2]"]),
            ("anonymous", ["no resource"; 4]),
        ],
    );
}

#[test]
fn an_explicit_deny_of_the_repository_binds_its_own_root_too() {
    let denied = "deny repository[0]";
    check(
        "frozen/app",
        ACTIONS,
        &[
            ("root", ["allow root", denied, "allow root", "allow root"]),
            ("admin", ["allow admin[0]", denied, "allow admin[0]", "allow admin[0]"]),
            ("careful", ["allow admin[0]", denied, "deny no-delete[0]", "allow admin[0]"]),
            ("ci", ["allow pull[1]", denied, "no identity", "no identity"]),
            ("reader", ["allow pull[1]", denied, "no identity", "no identity"]),
            ("none", ["no identity", denied, "no identity", "no identity"]),
            ("named", ["no identity", denied, "no identity", "no identity"]),
            ("away-root", ["allow repository[1]", denied, "allow repository[1]", "allow repository[1]"]),
            ("away-admin", ["allow repository[1]", denied, "allow repository[1]", "allow repository[1]"]),
            ("away-none", ["no identity", denied, "no identity", "no identity"]),
            ("replication", ["no resource", denied, "no resource", "no resource"]),
            ("anonymous", ["no resource", denied, "no resource", "no resource"]),
        ],
    );
}

#[test]
fn actions_without_a_resource_need_a_star() {
    let pull = callers().into_iter().find(|caller| caller.name == "reader").unwrap();
    let decide = |action| told(&decide(&pull.identity, &[], &pull.principal, action, "*"));
    assert_eq!(decide("ecr:GetAuthorizationToken"), "allow pull[0]");
    assert_eq!(decide("ECR:getauthorizationtoken"), "allow pull[0]");
    assert_eq!(decide("ecr:BatchGetImage"), "no identity");
}
