//! Inline policies of users, groups and roles.

use serde_json::{Value, json};
use tests::harness::{Backend, Wharf, on_default};

use crate::access::model::identity_policy;

const DOCUMENT: &str =
    r#"{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Action": "ecr:*", "Resource": "*" } ] }"#;

#[tokio::test]
async fn the_cli_puts_shows_lists_and_removes_inline_policies() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    aws.json(&["iam", "create-user", "--user-name", "x"]);
    aws.json(&["iam", "create-group", "--group-name", "x"]);
    aws.json(&["iam", "create-role", "--role-name", "x", "--assume-role-policy-document", trust]);
    let document: Value = serde_json::from_str(DOCUMENT).expect("JSON");
    for kind in ["user", "group", "role"] {
        let (owner, put) = (format!("--{kind}-name"), format!("put-{kind}-policy"));
        let run = |operation: &str, more: &[&str]| {
            let mut arguments = vec!["iam", operation, owner.as_str(), "x"];
            arguments.extend(more);
            aws.json(&arguments)
        };
        run(&put, &["--policy-name", "own", "--policy-document", DOCUMENT]);
        let shown = run(&format!("get-{kind}-policy"), &["--policy-name", "own"]);
        assert_eq!(shown["PolicyDocument"], document, "{shown}");
        assert_eq!(shown["PolicyName"], "own");
        assert_eq!(run(&format!("list-{kind}-policies"), &[])["PolicyNames"], json!(["own"]));
        run(&format!("delete-{kind}-policy"), &["--policy-name", "own"]);
        assert_eq!(run(&format!("list-{kind}-policies"), &[])["PolicyNames"], json!([]));
    }
}

#[tokio::test]
async fn a_document_comes_back_as_it_was_sent() {
    on_default(async |wharf| {
        let sent = wharf.aws().boto3(
            r#"
import urllib.parse
document = '{ "Version":"2012-10-17",\n\t"Statement":{"Sid":"A1","Effect":"Allow","Action":"ecr:*","Resource":"*",' \
           '"Condition":{"StringLike":{"aws:UserAgent":"a b+c%20d/é*"}}} }'
raw = []
iam = client("iam")
iam.meta.events.register("before-parse.iam.GetUserPolicy", lambda response_dict, **_: raw.append(response_dict["body"].decode()))
iam.create_user(UserName="anna")
iam.put_user_policy(UserName="anna", PolicyName="own", PolicyDocument=document)
iam.get_user_policy(UserName="anna", PolicyName="own")
text = raw[0].split("<PolicyDocument>")[1].split("</PolicyDocument>")[0]
assert text == urllib.parse.quote(document, safe="~"), text
print(json.dumps(urllib.parse.unquote(text) == document))
"#,
        );
        assert_eq!(sent, json!(true));
    })
    .await;
}

#[tokio::test]
async fn failures_of_inline_policies_are_those_of_iam() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_user(UserName="x")
iam.create_group(GroupName="x")
iam.create_role(RoleName="x", AssumeRolePolicyDocument=json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}))

def says(code, status, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer

def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))

good = document(Effect="Allow", Action="ecr:*", Resource="*")
for kind, put, get, delete, limit in [
    ("user", iam.put_user_policy, iam.get_user_policy, iam.delete_user_policy, 2048),
    ("group", iam.put_group_policy, iam.get_group_policy, iam.delete_group_policy, 5120),
    ("role", iam.put_role_policy, iam.get_role_policy, iam.delete_role_policy, 10240),
]:
    owner = {kind.capitalize() + "Name": "x"}
    absent = f"The {kind} policy with name none cannot be found."
    says("NoSuchEntity", 404, absent, get, PolicyName="none", **owner)
    says("NoSuchEntity", 404, absent, delete, PolicyName="none", **owner)
    says("NoSuchEntity", 404, f"The {kind} with name none cannot be found.", put,
         PolicyName="own", PolicyDocument=good, **{kind.capitalize() + "Name": "none"})
    for text, message in [
        ("nonsense", "This policy contains invalid Json"),
        (document(Effect="Allow", Resource="*"), "Policy statement must contain actions."),
        (document(Effect="Allow", Action="ecr:*"), "Policy statement must contain resources."),
        (document(Effect="Allow", Action="everything", Resource="*"),
         "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (document(Effect="Allow", Action="ecr:*", Resource="repo"), 'Resource repo must be in ARN format or "*".'),
        (document(Effect="Allow", Action="ecr:*", Resource="*", Principal="*"),
         "Policy document should not specify a principal."),
        (document(Effect="Maybe", Action="ecr:*", Resource="*"),
         "Syntax errors in policy. (Statement[0].Effect: must be Allow or Deny, not Maybe)"),
    ]:
        says("MalformedPolicyDocument", 400, message, put, PolicyName="own", PolicyDocument=text, **owner)
    # All inline policies count together, and white space does not count.
    padding = lambda size: document(Effect="Allow", Action="ecr:*", Resource="*", Sid="x" * (size - len(good) - 9))
    put(PolicyName="a", PolicyDocument=padding(limit - 200) + "\n" * 1000, **owner)
    says("LimitExceeded", 409, f"Maximum policy size of {limit} bytes exceeded for {kind} x", put,
         PolicyName="b", PolicyDocument=padding(201), **owner)
    put(PolicyName="b", PolicyDocument=padding(200), **owner)
    # Nor may they be made of white space without end: as much as AWS takes for one document goes.
    delete(PolicyName="b", **owner)
    put(PolicyName="a", PolicyDocument=good + " " * (131072 - len(good)), **owner)
    says("LimitExceeded", 409, f"Maximum policy size of 131072 bytes exceeded for {kind} x", put,
         PolicyName="b", PolicyDocument=good, **owner)
    refused("ValidationError", put, PolicyName="a/b", PolicyDocument=good, **owner)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn an_inline_policy_is_obeyed_at_once() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        let (root, anna) = (wharf.aws(), wharf.aws().as_user(&user));
        let allow = r#"{"Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}}"#;
        let may = async || anna.cli(&["iam", "list-users"]).status.success();
        assert!(!may().await);
        root.json(&[
            "iam",
            "put-user-policy",
            "--user-name",
            "anna",
            "--policy-name",
            "own",
            "--policy-document",
            allow,
        ]);
        assert!(may().await, "the process that changed it obeys at once");
        root.json(&["iam", "delete-user-policy", "--user-name", "anna", "--policy-name", "own"]);
        assert!(!may().await, "the process that changed it obeys at once");
    })
    .await;
}
