//! Callers with boundaries, sessions and tags, by actions: what is decided, and by which statement.

use wharf_policy::{Context, Kind, Policies, Policy, Principal, Request, evaluate};

use crate::world::{AWAY, HOME, policy, repository, session, told, user};

struct Caller {
    name: &'static str,
    principal: Principal,
    boundary: Option<Policy>,
    session: Option<Vec<Policy>>,
    /// The tag `team`.
    team: Option<&'static str>,
}

fn identity(label: &str, statements: &str) -> Policy {
    policy(label, Kind::Identity, statements)
}

fn callers() -> Vec<Caller> {
    let reads = || identity("reads", r#"{"Effect":"Allow","Action":["ecr:BatchGet*","ecr:List*"],"Resource":"*"}"#);
    let no_list = || {
        identity(
            "no-list",
            r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:List*","Resource":"*"}"#,
        )
    };
    let ci = || session(HOME, "ci", "run");
    let caller = |name, principal, boundary, session, team| Caller { name, principal, boundary, session, team };
    vec![
        caller("free", user(HOME, "free"), None, None, Some("app")),
        caller("bounded", user(HOME, "bounded"), Some(reads()), None, Some("app")),
        caller("other-team", user(HOME, "other"), None, None, Some("web")),
        caller("no-team", user(HOME, "none"), None, None, None),
        caller("wild-team", user(HOME, "wild"), None, None, Some("*")),
        caller("role", ci(), None, None, Some("app")),
        caller("role-limited", ci(), None, Some(vec![reads()]), Some("app")),
        caller("role-denied", ci(), Some(reads()), Some(vec![no_list()]), Some("app")),
        caller("role-nothing", ci(), None, Some(vec![]), Some("app")),
        caller("named", session(HOME, "ci", "named"), Some(reads()), Some(vec![reads()]), None),
        caller("away", user(AWAY, "away"), Some(reads()), None, Some("app")),
    ]
}

#[test]
fn limits_and_tags_decide_together() {
    // Everybody may do everything below the name of their team.
    let own = identity(
        "own",
        r#"{"Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*"}"#,
    );
    let resource = policy(
        "repository",
        Kind::Resource,
        &format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:sts::{HOME}:assumed-role/ci/named"}},"Action":"ecr:Put*"}},
               {{"Effect":"Allow","Principal":{{"AWS":"{AWAY}"}},"Action":["ecr:BatchGetImage","ecr:PutImage"]}},
               {{"Effect":"Deny","Principal":"*","Action":"ecr:Delete*","Condition":{{"StringNotEquals":{{"aws:PrincipalTag/team":"app"}}}}}}"#
        ),
    );
    let actions = ["ecr:BatchGetImage", "ecr:ListImages", "ecr:PutImage", "ecr:DeleteRepository"];
    let own_0 = "allow own[0]";
    let table = [
        ("free", [own_0, own_0, own_0, own_0]),
        ("bounded", [own_0, own_0, "no boundary", "no boundary"]),
        ("other-team", ["no identity", "no identity", "no identity", "deny repository[2]"]),
        ("no-team", ["no identity", "no identity", "no identity", "deny repository[2]"]),
        ("wild-team", ["no identity", "no identity", "no identity", "deny repository[2]"]),
        ("role", [own_0, own_0, own_0, own_0]),
        ("role-limited", [own_0, own_0, "no session", "no session"]),
        ("role-denied", [own_0, "deny no-list[1]", "no boundary", "no boundary"]),
        ("role-nothing", ["no session"; 4]),
        ("named", ["no identity", "no identity", "allow repository[0]", "deny repository[2]"]),
        ("away", ["allow repository[1]", "no resource", "no boundary", "no resource"]),
    ];
    let arn = repository(HOME, "app/web");
    for (caller, (name, expected)) in callers().iter().zip(table) {
        assert_eq!(caller.name, name);
        let mut context = Context::new();
        caller.team.map(|team| context.set("aws:PrincipalTag/Team", team).clone());
        let found = actions.map(|action| {
            let request = Request { principal: &caller.principal, action, resource: &arn, context: &context };
            let policies = Policies {
                identity: std::slice::from_ref(&own),
                resource: std::slice::from_ref(&resource),
                boundary: caller.boundary.as_ref(),
                session: caller.session.as_deref(),
                guards: &[],
            };
            told(&evaluate(&policies, &request, HOME))
        });
        assert_eq!(found.each_ref().map(String::as_str), expected, "{name}");
    }
}
