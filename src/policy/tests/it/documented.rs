//! The behavior that AWS documents and people rely on, in examples of our own.

use std::sync::Arc;

use wharf_policy::{
    Context, Decision, Document, Kind, Policies, Policy, Principal, PrincipalKind, Request, denial_message, evaluate,
    explain,
};

use crate::world::{AWAY, HOME, decide, policy, repository, session, told, user};

fn identity(statements: &str) -> Vec<Policy> {
    vec![policy("identity", Kind::Identity, statements)]
}

fn repository_policy(statements: &str) -> Vec<Policy> {
    vec![policy("repository", Kind::Resource, statements)]
}

/// The decision for a user of account HOME who pulls `app`, with facts about the request.
fn with_context(statements: &str, fill: impl FnOnce(&mut Context)) -> String {
    let mut context = Context::new();
    fill(&mut context);
    let principal = user(HOME, "anna");
    let resource = repository(HOME, "app");
    let request =
        Request { principal: &principal, action: "ecr:BatchGetImage", resource: &resource, context: &context };
    let identity = identity(statements);
    told(&evaluate(&Policies { identity: &identity, ..Policies::default() }, &request, HOME))
}

#[test]
fn everybody_works_below_a_prefix_of_their_own_name() {
    let policies = identity(&format!(
        r#"{{"Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:us-east-1:{HOME}:repository/home/${{aws:username}}/*"}}"#
    ));
    let decide = |principal: &Principal, name: &str| {
        told(&decide(&policies, &[], principal, "ecr:PutImage", &repository(HOME, name)))
    };
    assert_eq!(decide(&user(HOME, "anna"), "home/anna/app"), "allow identity[0]");
    assert_eq!(decide(&user(HOME, "anna"), "home/bob/app"), "no identity");
    // A name that is a wildcard reaches nobody else's prefix: the value is literal.
    assert_eq!(decide(&user(HOME, "*"), "home/bob/app"), "no identity");
    // A session has no user name; the statement cannot match.
    assert_eq!(decide(&session(HOME, "ci", "run"), "home/ci/app"), "no identity");
}

#[test]
fn plain_http_is_denied_whatever_allows() {
    let statements = r#"
        {"Effect":"Allow","Action":"ecr:*","Resource":"*"},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;
    let secure = |context: &mut Context| {
        context.set_bool("aws:SecureTransport", true);
    };
    assert_eq!(with_context(statements, secure), "allow identity[0]");
    let plain = |context: &mut Context| {
        context.set_bool("aws:SecureTransport", false);
    };
    assert_eq!(with_context(statements, plain), "deny identity[1]");
    // The text "false" is as false as the boolean.
    let text = |context: &mut Context| {
        context.set("aws:securetransport", "false");
    };
    assert_eq!(with_context(statements, text), "deny identity[1]");
}

#[test]
fn an_office_network_and_an_end_date_are_both_required() {
    let statements = r#"
        {"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{
            "IpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:db8:1::/48"]},
            "DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}}}"#;
    let decide = |address: &str, seconds: i64| {
        with_context(statements, |context| {
            context.set_address("aws:SourceIp", address.parse().unwrap());
            context.set_time("aws:CurrentTime", chrono::DateTime::from_timestamp(seconds, 0).unwrap());
        })
    };
    let (before, after) = (1_798_761_599, 1_798_761_600);
    assert_eq!(decide("192.0.2.9", before), "allow identity[0]");
    assert_eq!(decide("2001:db8:1::9", before), "allow identity[0]");
    assert_eq!(decide("192.0.2.9", after), "no identity");
    assert_eq!(decide("198.51.100.9", before), "no identity");
    assert_eq!(with_context(statements, |_| {}), "no identity");
}

#[test]
fn tags_of_a_request_are_limited_by_for_all_values_and_null() {
    let statements = r#"
        {"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{
            "ForAllValues:StringEquals":{"aws:TagKeys":["team","stage"]},
            "Null":{"aws:TagKeys":"false"}}}"#;
    let decide = |keys: &[&str]| {
        with_context(statements, |context| {
            context.set_all("aws:TagKeys", keys.iter().map(|key| (*key).to_owned()));
        })
    };
    assert_eq!(decide(&["team"]), "allow identity[0]");
    assert_eq!(decide(&["stage", "team"]), "allow identity[0]");
    assert_eq!(decide(&["team", "cost"]), "no identity");
    assert_eq!(decide(&[]), "no identity");
}

#[test]
fn not_action_leaves_out_and_not_resource_leaves_out() {
    let policies = identity(&format!(
        r#"{{"Effect":"Allow","NotAction":["ecr:Delete*","iam:*"],"Resource":"*"}},
           {{"Effect":"Deny","Action":"ecr:PutImage","NotResource":"arn:aws:ecr:*:{HOME}:repository/team/*"}}"#
    ));
    let anna = user(HOME, "anna");
    let decide = |action, name: &str| told(&decide(&policies, &[], &anna, action, &repository(HOME, name)));
    assert_eq!(decide("ecr:BatchGetImage", "other/app"), "allow identity[0]");
    assert_eq!(decide("ecr:DeleteRepository", "team/app"), "no identity");
    assert_eq!(decide("IAM:CreateUser", "team/app"), "no identity");
    assert_eq!(decide("ecr:PutImage", "team/app"), "allow identity[0]");
    assert_eq!(decide("ecr:PutImage", "other/app"), "deny identity[1]");
}

#[test]
fn an_unknown_variable_in_not_resource_helps_nobody() {
    let statement = |effect: &str| {
        identity(&format!(
            r#"{{"Effect":"Allow","Action":"ecr:PutImage","Resource":"arn:aws:ecr:*:*:repository/open"}},
               {{"Effect":"{effect}","Action":"*","NotResource":"arn:aws:ecr:*:*:repository/${{aws:PrincipalTag/team}}"}}"#
        ))
    };
    let anna = user(HOME, "anna");
    let decide =
        |policies: &[Policy], name: &str| told(&decide(policies, &[], &anna, "ecr:PutImage", &repository(HOME, name)));
    assert_eq!(decide(&statement("Allow"), "closed"), "no identity");
    assert_eq!(decide(&statement("Deny"), "open"), "deny identity[1]");
}

#[test]
fn all_but_one_role_are_denied_by_not_principal() {
    let resource = repository_policy(&format!(
        r#"{{"Effect":"Deny","NotPrincipal":{{"AWS":["{HOME}","arn:aws:iam::{HOME}:role/ci",
            "arn:aws:sts::{HOME}:assumed-role/ci/run"]}},"Action":"ecr:PutImage"}}"#
    ));
    let admin = identity(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let decide =
        |principal: &Principal| told(&decide(&admin, &resource, principal, "ecr:PutImage", &repository(HOME, "app")));
    assert_eq!(decide(&session(HOME, "ci", "run")), "allow identity[0]");
    assert_eq!(decide(&session(HOME, "ci", "other")), "deny repository[0]");
    assert_eq!(decide(&user(HOME, "anna")), "deny repository[0]");
    assert_eq!(decide(&Principal::anonymous()), "deny repository[0]");
}

#[test]
fn a_deny_that_names_an_account_binds_everybody_in_it() {
    let resource =
        repository_policy(&format!(r#"{{"Effect":"Deny","Principal":{{"AWS":"{HOME}"}},"Action":"ecr:PutImage"}}"#));
    let admin = identity(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    for principal in [Principal::root(HOME), user(HOME, "anna"), session(HOME, "ci", "run")] {
        let decision = decide(&admin, &resource, &principal, "ecr:PutImage", &repository(HOME, "app"));
        assert_eq!(told(&decision), "deny repository[0]", "{}", principal.arn);
    }
    let away = decide(&admin, &resource, &user(AWAY, "bob"), "ecr:PutImage", &repository(HOME, "app"));
    assert_eq!(told(&away), "no resource");
}

#[test]
fn a_role_is_assumed_by_whom_its_trust_policy_names() {
    let trust = |principal: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole",
                "Condition":{{"StringEquals":{{"sts:ExternalId":"1234"}}}}}}}}"#
        );
        let document = Document::parse(&text, Kind::Trust, 2048).unwrap();
        vec![Policy { label: "trust".into(), document: Arc::new(document) }]
    };
    let role = format!("arn:aws:iam::{HOME}:role/ci");
    let may = identity(&format!(r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"{role}"}}"#));
    let decide = |identity: &[Policy], principal: &Principal, trust: &[Policy], external: &str| {
        let mut context = Context::new();
        context.set("sts:ExternalId", external);
        let request = Request { principal, action: "sts:AssumeRole", resource: &role, context: &context };
        let decision = evaluate(&Policies { identity, resource: trust, ..Policies::default() }, &request, HOME);
        (told(&decision), denial_message(&decision, &request))
    };
    let anna = user(HOME, "anna");
    let account = trust(&format!(r#"{{"AWS":"{HOME}"}}"#));
    assert_eq!(decide(&may, &anna, &account, "1234").0, "allow identity[0]");
    assert_eq!(decide(&[], &anna, &account, "1234").0, "no identity");
    assert_eq!(decide(&[], &anna, &trust(&format!(r#"{{"AWS":"{}"}}"#, anna.arn)), "1234").0, "allow trust[0]");
    // Within the account, too, permission without trust is not enough.
    assert_eq!(decide(&may, &anna, &trust(&format!(r#"{{"AWS":"{AWAY}"}}"#)), "1234").0, "no trust");
    assert_eq!(decide(&may, &anna, &account, "4321").0, "no trust");
    let bob = user(AWAY, "bob");
    let away = trust(&format!(r#"{{"AWS":"{AWAY}"}}"#));
    assert_eq!(decide(&may, &bob, &away, "1234").0, "allow trust[0]");
    assert_eq!(decide(&[], &bob, &away, "1234").0, "no identity");
    let (told, message) = decide(&may, &bob, &away, "4321");
    assert_eq!(told, "no trust");
    assert!(message.unwrap().ends_with("because no role trust policy allows the sts:AssumeRole action"));
}

#[test]
fn a_provider_is_trusted_by_name() {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"ci.example.com"},
        "Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"ci.example.com:sub":"repo:team/*"}}}}"#;
    let document = Document::parse(text, Kind::Trust, 2048).unwrap();
    let trust = [Policy { label: "trust".into(), document: Arc::new(document) }];
    let decide = |provider: &str, subject: &str| {
        let kind = PrincipalKind::Federated { provider: provider.into() };
        let principal = Principal { kind, ..Principal::anonymous() };
        let mut context = Context::new();
        context.set("ci.example.com:sub", subject);
        let role = format!("arn:aws:iam::{HOME}:role/ci");
        let action = "sts:AssumeRoleWithWebIdentity";
        let request = Request { principal: &principal, action, resource: &role, context: &context };
        told(&evaluate(&Policies { resource: &trust, ..Policies::default() }, &request, HOME))
    };
    assert_eq!(decide("ci.example.com", "repo:team/app"), "allow trust[0]");
    assert_eq!(decide("ci.example.com", "repo:other/app"), "no trust");
    assert_eq!(decide("ci.example.org", "repo:team/app"), "no trust");
}

#[test]
fn a_grant_in_person_holds_past_boundary_and_session_within_the_account() {
    let limit = policy("limit", Kind::Identity, r#"{"Effect":"Allow","Action":"ecr:BatchGet*","Resource":"*"}"#);
    let context = Context::new();
    let arn = repository(HOME, "app");
    let decide = |principal: &Principal, named: &str, account: &str, limit: &Policy| {
        let resource =
            repository_policy(&format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{named}"}},"Action":"ecr:*"}}"#));
        let identity = identity(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
        let request = Request { principal, action: "ecr:PutImage", resource: &arn, context: &context };
        let limits = Policies {
            identity: &identity,
            resource: &resource,
            boundary: Some(limit),
            session: Some(std::slice::from_ref(limit)),
            guards: &[],
        };
        told(&evaluate(&limits, &request, account))
    };
    let (anna, run) = (user(HOME, "anna"), session(HOME, "ci", "run"));
    let role = format!("arn:aws:iam::{HOME}:role/ci");
    assert_eq!(decide(&anna, &anna.arn, HOME, &limit), "allow repository[0]");
    assert_eq!(decide(&run, &run.arn, HOME, &limit), "allow repository[0]");
    assert_eq!(decide(&run, &role, HOME, &limit), "no boundary");
    assert_eq!(decide(&run, "*", HOME, &limit), "no boundary");
    assert_eq!(decide(&run, HOME, HOME, &limit), "no boundary");
    // Another account's resource cannot lift what this account set as its limit.
    assert_eq!(decide(&anna, &anna.arn, AWAY, &limit), "no boundary");
    let deny = policy("limit", Kind::Identity, r#"{"Effect":"Deny","Action":"ecr:Put*","Resource":"*"}"#);
    assert_eq!(decide(&run, &run.arn, HOME, &deny), "deny limit[0]");
}

#[test]
fn derived_keys_cannot_be_contradicted_by_the_context() {
    let statements = r#"{"Effect":"Allow","Action":"*","Resource":"*",
        "Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/boss"}}}"#;
    let forged = |context: &mut Context| {
        context.set("aws:PrincipalArn", "arn:aws:iam::111122223333:user/boss");
    };
    assert_eq!(with_context(statements, forged), "no identity");
}

#[test]
fn conditions_on_the_principal_see_the_role_of_a_session() {
    let resource = repository_policy(
        r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*","Condition":{
            "ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/ci-*"},
            "StringEquals":{"aws:PrincipalAccount":"111122223333","aws:ResourceAccount":"111122223333"}}}"#,
    );
    let decide =
        |principal: &Principal| told(&decide(&[], &resource, principal, "ecr:PutImage", &repository(HOME, "app")));
    assert_eq!(decide(&session(HOME, "ci-1", "run")), "allow repository[0]");
    assert_eq!(decide(&session(HOME, "cd", "run")), "no identity");
    assert_eq!(decide(&Principal::anonymous()), "no resource");
}

#[test]
fn several_guards_must_all_allow() {
    let guard = |action: &str| {
        policy("guard", Kind::Identity, &format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#))
    };
    let context = Context::new();
    let root = Principal::root(HOME);
    let arn = repository(HOME, "app");
    let decide = |guards: &[Policy]| {
        let request = Request { principal: &root, action: "ecr:PutImage", resource: &arn, context: &context };
        told(&evaluate(&Policies { guards, ..Policies::default() }, &request, HOME))
    };
    assert_eq!(decide(&[guard("*"), guard("ecr:*")]), "allow root");
    assert_eq!(decide(&[guard("*"), guard("ecr:Get*")]), "no guard");
}

#[test]
fn wildcards_cannot_be_used_to_blow_up_time() {
    let text = "a".repeat(8_000);
    let pattern = format!("*{}b", "a".repeat(4_000));
    let statements = format!(
        r#"{{"Effect":"Allow","Action":"*","Resource":"*"}},
           {{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{"StringLike":{{"aws:UserAgent":["{pattern}","x"]}}}}}}"#
    );
    // The deny was not proven wrong within the budget, so it is not taken for granted that it does not match.
    let long = |context: &mut Context| {
        context.set("aws:UserAgent", text);
    };
    assert_eq!(with_context(&statements, long), "too complex");
    let short = |context: &mut Context| {
        context.set("aws:UserAgent", "docker/29");
    };
    assert_eq!(with_context(&statements, short), "allow identity[0]");
}

#[test]
fn a_decision_is_told_as_aws_tells_it() {
    let anna = user(HOME, "anna");
    let arn = repository(HOME, "app");
    let context = Context::new();
    let request = Request { principal: &anna, action: "ecr:PutImage", resource: &arn, context: &context };
    let decision: Decision = evaluate(&Policies::default(), &request, HOME);
    assert_eq!(
        denial_message(&decision, &request).unwrap(),
        "User: arn:aws:iam::111122223333:user/anna is not authorized to perform: ecr:PutImage on resource: \
         arn:aws:ecr:us-east-1:111122223333:repository/app because no identity-based policy allows the ecr:PutImage \
         action"
    );
}

#[test]
fn an_explanation_names_all_that_matches() {
    let anna = user(HOME, "anna");
    let identity = [
        policy("one", Kind::Identity, r#"{"Sid":"All","Effect":"Allow","Action":"ecr:*","Resource":"*"}"#),
        policy(
            "two",
            Kind::Identity,
            r#"{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"},
               {"Effect":"Deny","Action":"ecr:Delete*","Resource":"*"}"#,
        ),
    ];
    let resource = repository_policy(r#"{"Effect":"Allow","Principal":"*","Action":"ecr:PutImage"}"#);
    let boundary = policy("boundary", Kind::Identity, r#"{"Effect":"Allow","Action":"ecr:Put*","Resource":"*"}"#);
    let context = Context::new();
    let arn = repository(HOME, "app");
    let told = |action, boundary: Option<&Policy>| {
        let request = Request { principal: &anna, action, resource: &arn, context: &context };
        let policies = Policies { identity: &identity, resource: &resource, boundary, ..Policies::default() };
        let explanation = explain(&policies, &request, HOME);
        let matched: Vec<String> =
            explanation.matched.iter().map(|origin| format!("{}[{}]", origin.policy, origin.statement)).collect();
        (told(&explanation.decision), matched.join(" "), explanation.boundary)
    };
    let of = |decision: &str, matched: &str, boundary| (decision.to_owned(), matched.to_owned(), boundary);
    assert_eq!(told("ecr:PutImage", None), of("allow one[0]", "one[0] two[1] repository[0]", None));
    assert_eq!(told("ecr:DeleteRepository", None), of("deny two[2]", "two[2]", None));
    assert_eq!(told("ecr:PutImage", Some(&boundary)), of("allow one[0]", "one[0] two[1] repository[0]", Some(true)));
    assert_eq!(told("ecr:ListImages", Some(&boundary)), of("no boundary", "one[0] two[1]", Some(false)));
}
