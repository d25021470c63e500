//! The audit log: what is kept, of whom, and what is not in it.

use std::time::Duration;

use serde_json::{Value, json};
use tests::harness::admin::within;
use tests::harness::sigv4::Unsigned;
use tests::harness::{Auth, Backend, Wharf, on_default, port};

use crate::access::model::{PULL, allow, identity_policy};

/// The events that `wharf audit` prints.
#[track_caller]
fn events(wharf: &Wharf, arguments: &[&str]) -> Vec<Value> {
    let all: Vec<&str> = std::iter::once("audit").chain(arguments.iter().copied()).collect();
    let finished = wharf.run(&all);
    assert!(finished.status.success(), "{}", finished.stderr);
    finished.stdout.lines().map(|line| serde_json::from_str(line).expect("lines of JSON")).collect()
}

/// The events of a name, once there are as many as expected.
pub async fn named(wharf: &Wharf, name: &str, expected: usize) -> Vec<Value> {
    for _ in 0..100 {
        let found: Vec<Value> = events(wharf, &[]).into_iter().filter(|event| event["eventName"] == name).collect();
        if found.len() >= expected {
            assert_eq!(found.len(), expected, "{found:#?}");
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("fewer than {expected} events {name}: {:#?}", events(wharf, &[]));
}

#[tokio::test]
async fn calls_are_kept_with_the_field_names_of_cloudtrail() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "*")])).await;
        let aws = wharf.aws().as_user(&user);
        let answer = Unsigned::query("sts", "GetCallerIdentity", &[])
            .sign(&aws)
            .with("user-agent", "tests/1")
            .send(&wharf.url())
            .await;
        let answer = answer.expect(200);
        let event = named(wharf, "GetCallerIdentity", 1).await.remove(0);
        assert_eq!(event["eventSource"], "sts.amazonaws.com");
        assert_eq!(event["awsRegion"], "us-east-1");
        assert_eq!(event["sourceIPAddress"], "127.0.0.1");
        assert_eq!(event["userAgent"], "tests/1");
        assert_eq!(event["requestID"], answer.header("x-amzn-requestid"));
        assert_eq!(event["recipientAccountId"], "000000000000");
        assert_eq!(event["readOnly"], true);
        assert_eq!(event["errorCode"], Value::Null);
        assert!(event["eventTime"].as_str().expect("a time").ends_with('Z'));
        let identity = &event["userIdentity"];
        assert_eq!(identity["type"], "IAMUser");
        assert_eq!(identity["userName"], "anna");
        assert_eq!(identity["arn"], "arn:aws:iam::000000000000:user/anna");
        assert_eq!(identity["accountId"], "000000000000");
        assert_eq!(identity["accessKeyId"], user.access_key_id);
        assert!(identity["principalId"].as_str().expect("an id").starts_with("AIDA"));
    })
    .await;
}

/// Whoever packs a call hides nothing of it.
#[tokio::test]
async fn a_call_that_came_packed_is_kept_as_it_was_read() {
    on_default(async |wharf| {
        let script = r#"
import gzip
def pack(request, **_):
    request.data = gzip.compress(request.data if isinstance(request.data, bytes) else request.data.encode())
    request.headers["Content-Encoding"] = "gzip"
ecr = client("ecr")
ecr.meta.events.register("before-sign.ecr", pack)
ecr.create_repository(repositoryName="packed")
refused("RepositoryNotFoundException", ecr.delete_repository_policy, repositoryName="absent")
"#;
        wharf.aws().boto3(script);
        let event = named(wharf, "CreateRepository", 1).await.remove(0);
        assert_eq!(event["requestParameters"], json!({ "repositoryName": "packed" }), "{event}");
        let event = named(wharf, "DeleteRepositoryPolicy", 1).await.remove(0);
        assert_eq!(event["requestParameters"], json!({ "repositoryName": "absent" }), "{event}");
    })
    .await;
}

/// White space is not counted in the size of a policy, and hides nothing of it either.
#[tokio::test]
async fn a_policy_is_kept_as_long_as_it_may_be() {
    on_default(async |wharf| {
        let script = r#"
iam = client("iam")
iam.create_user(UserName="anna")
statement = json.dumps({"Effect": "Allow", "Action": "ecr:DeleteRepository", "Resource": "*"})
document = '{"Version":"2012-10-17",' + " " * 130000 + '"Statement":' + statement + '}'
iam.put_user_policy(UserName="anna", PolicyName="padded", PolicyDocument=document)
"#;
        wharf.aws().boto3(script);
        let event = named(wharf, "PutUserPolicy", 1).await.remove(0);
        let kept = event["requestParameters"]["policyDocument"].as_str().expect("a text");
        assert!(kept.contains("ecr:DeleteRepository"), "{} bytes were kept", kept.len());
    })
    .await;
}

/// What counts is what is kept, whatever else a call brings that nothing reads.
#[tokio::test]
async fn nothing_takes_the_place_of_what_a_call_was_about() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        let query = async |action: &str, parameters: &[(&str, &str)]| {
            Unsigned::query("iam", action, parameters).sign(&aws).send(&url).await
        };
        query("CreateUser", &[("UserName", "meant"), ("userName", "other")]).await.expect(200);
        let event = named(wharf, "CreateUser", 1).await.remove(0);
        assert_eq!(event["requestParameters"], json!({ "UserName": "meant", "userName": "other" }));
        query("DeleteUser", &[("UserName", "meant"), ("UserName.member.1", "other")]).await.expect(400);
        query("DeleteUser", &[("UserName", "meant"), ("UserName.x", "other")]).await.expect(400);
        let mut unsigned = Unsigned::ecr("", r#"{"Name":"meant","name":"other","SecretString":"s3cret"}"#);
        unsigned.service = "secretsmanager".to_owned();
        unsigned.headers[1].1 = "secretsmanager.CreateSecret".to_owned();
        unsigned.sign(&aws).send(&url).await.expect(200);
        let event = named(wharf, "CreateSecret", 1).await.remove(0);
        assert_eq!(event["requestParameters"]["Name"], "meant", "{event}");
    })
    .await;
}

/// Members are spelled as CloudTrail spells them, and what users named is as they named it.
#[tokio::test]
async fn members_have_the_spelling_of_cloudtrail_in_every_service() {
    on_default(async |wharf| {
        let script = r#"
client("secretsmanager").create_secret(Name="kept", Description="d", SecretString="s3cret", Tags=[{"Key": "K", "Value": "V"}])
client("ecs").register_task_definition(family="labeled", containerDefinitions=[
    {"name": "c", "image": "i", "memory": 64, "dockerLabels": {"Team": "Red"}}])
"#;
        wharf.aws().boto3(script);
        let mut event = named(wharf, "CreateSecret", 1).await.remove(0);
        let parameters = event["requestParameters"].as_object_mut().expect("an object");
        assert_eq!(parameters.remove("clientRequestToken"), Some(json!("HIDDEN_DUE_TO_SECURITY_REASONS")));
        let expected = json!({
            "name": "kept", "description": "d", "secretString": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "tags": [{ "key": "K", "value": "V" }],
        });
        assert_eq!(event["requestParameters"], expected);
        let event = named(wharf, "RegisterTaskDefinition", 1).await.remove(0);
        let definitions = &event["responseElements"]["taskDefinition"]["containerDefinitions"];
        assert_eq!(definitions[0]["dockerLabels"], json!({ "Team": "Red" }), "{event}");
    })
    .await;
}

#[tokio::test]
async fn pushes_deletes_and_refusals_are_kept_and_pulls_are_not() {
    on_default(async |wharf| {
        let root = wharf.client();
        let repository = root.repository("team/app");
        let image = repository.push_small("tag").await;
        repository.expect_image(Some("tag"), &image).await;
        let event = named(wharf, "PutImage", 1).await.remove(0);
        assert_eq!(event["requestParameters"]["repositoryName"], "team/app");
        assert_eq!(event["requestParameters"]["imageTag"], "tag");
        assert_eq!(event["responseElements"]["image"]["imageId"]["imageDigest"], image.digest);
        assert_eq!(event["userIdentity"]["type"], "Root");
        root.delete("/v2/team/app/manifests/tag").send().await.expect(202);
        let event = named(wharf, "BatchDeleteImage", 1).await.remove(0);
        assert_eq!(event["requestParameters"]["imageIds"][0]["imageTag"], "tag");

        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "other/*")])).await;
        let client = root.as_(user.auth());
        client.get("/v2/team/app/manifests/tag").send().await.expect(403);
        let event = named(wharf, "BatchGetImage", 1).await.remove(0);
        assert_eq!(event["errorCode"], "DENIED");
        assert!(event["errorMessage"].as_str().expect("text").contains("user/anna is not authorized"), "{event}");
        assert_eq!(event["userIdentity"]["userName"], "anna");
        // Who has no credentials is asked for them, and that is all.
        wharf.anonymous().get("/v2/team/app/manifests/tag").send().await.expect(401);
        let wrong = root.as_(Auth::basic(&user.access_key_id, "wrong"));
        wrong.get("/v2/").send().await.expect(401);
        // The server may have refused the user before it knew it, so there may be several.
        let refused = async || -> Vec<Value> {
            events(wharf, &[]).into_iter().filter(|event| event["eventName"] == "Authenticate").collect()
        };
        within(20, "the refusal is kept", async || !refused().await.is_empty()).await;
        for event in refused().await {
            assert_eq!(event["userIdentity"]["accessKeyId"], user.access_key_id);
            assert_eq!(event["errorCode"], "UNAUTHORIZED");
        }
        assert!(events(wharf, &[]).iter().all(|event| event["eventName"] != "GetDownloadUrlForLayer"));
    })
    .await;
}

#[tokio::test]
async fn refused_calls_are_kept_whoever_made_them() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        let call = || Unsigned::ecr("GetAuthorizationToken", "{}");
        let unknown = aws.with_key("AKIANOBODY0000000000", "x");
        call().sign(&unknown).send(&url).await.expect(400);
        let statement = json!({ "Effect": "Allow", "Action": "ecr:ListImages", "Resource": "*" });
        let policy = json!({ "Version": "2012-10-17", "Statement": statement });
        let user = wharf.known_user("anna", &policy).await;
        call().sign(&aws.as_user(&user)).send(&url).await.expect(400);
        let kept = named(wharf, "GetAuthorizationToken", 2).await;
        assert_eq!(kept[0]["errorCode"], "UnrecognizedClientException");
        assert_eq!(kept[0]["userIdentity"]["type"], "Unknown");
        assert_eq!(kept[0]["userIdentity"]["accessKeyId"], "AKIANOBODY0000000000");
        assert_eq!(kept[1]["errorCode"], "AccessDeniedException");
        assert_eq!(kept[1]["userIdentity"]["userName"], "anna");
        // Also where the refusal comes before the body is read, since that may be large.
        let put = Unsigned::ecr("PutImage", r#"{"repositoryName":"app","imageManifest":"{}"}"#);
        put.sign(&unknown).send(&url).await.expect(400);
        let kept = named(wharf, "PutImage", 1).await;
        assert_eq!(kept[0]["errorCode"], "UnrecognizedClientException");
        assert_eq!(kept[0]["userIdentity"]["accessKeyId"], "AKIANOBODY0000000000");
    })
    .await;
}

#[tokio::test]
async fn no_secret_is_in_it() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "*")])).await;
        let aws = wharf.aws().as_user(&user);
        let token = aws.json(&["ecr", "get-authorization-token"]);
        let token = token["authorizationData"][0]["authorizationToken"].as_str().expect("a token").to_owned();
        let secret = "s3cretPassword0000000000";
        let body = format!("{{\"registryIds\":[\"000000000000\"],\"password\":\"{secret}\"}}");
        Unsigned::ecr("GetAuthorizationToken", &body).sign(&aws).send(&wharf.url()).await.expect(200);
        let parameters = [("WebIdentityToken", secret), ("NewPassword", secret)];
        Unsigned::query("sts", "GetCallerIdentity", &parameters).sign(&aws).send(&wharf.url()).await.expect(200);
        named(wharf, "GetCallerIdentity", 1).await;
        let all = events(wharf, &[]).iter().map(Value::to_string).collect::<String>();
        assert!(all.contains("HIDDEN_DUE_TO_SECURITY_REASONS"), "{all}");
        for secret in [secret, &user.secret, &token, tests::harness::server::ROOT_SECRET_ACCESS_KEY] {
            assert!(!all.contains(secret), "{secret} is in {all}");
        }
    })
    .await;
}

#[tokio::test]
async fn commands_beside_the_registry_are_kept_and_places_can_be_named() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.create_repository("one", "MUTABLE", &[]);
    let event = named(&wharf, "CreateRepository", 1).await.remove(0);
    assert_eq!(event["userIdentity"]["type"], "Operator");
    assert_eq!(event["eventSource"], "wharf.admin");
    assert_eq!(events(&wharf, &["--since", "1h"]).len(), events(&wharf, &[]).len());
    assert!(events(&wharf, &["--since", "2999-01-01T00:00:00Z"]).is_empty());
    // Addresses of webhooks and of advisories are secrets in part.
    let finished = wharf.run(&["webhook", "add", "https://me:canary-1@hooks.example.com:8443/canary-2?token=canary-3"]);
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(named(&wharf, "AddWebhook", 1).await[0]["requestParameters"]["url"], "https://hooks.example.com:8443");
    let nowhere = format!("http://me:canary-4@127.0.0.1:{}/all.zip?token=canary-5", port::free());
    assert!(!wharf.run(&["advisories", "import", &nowhere]).status.success());
    let event = named(&wharf, "ImportAdvisories", 1).await.remove(0);
    assert!(event["requestParameters"]["sources"][0].as_str().expect("a source").ends_with("/all.zip"), "{event}");
    assert!(events(&wharf, &[]).iter().all(|event| !event.to_string().contains("canary")));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(events(&wharf, &["--since", "10ms"]).is_empty());
    assert_eq!(wharf.run(&["audit", "--since", "yesterday"]).status.code(), Some(2));
}

#[tokio::test]
async fn it_can_be_turned_off() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_AUDIT_RETENTION", "0").start().await;
    wharf.client().repository("team/app").push_small("tag").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(events(&wharf, &[]).is_empty());
    assert_eq!(wharf.run_with(&["check"], &[("WHARF_AUDIT_RETENTION", "5m")]).status.code(), Some(2));
}

#[tokio::test]
async fn events_that_wait_are_stored_when_the_registry_stops() {
    let mut wharf = Wharf::start(Backend::SqliteDisk).await;
    Unsigned::ecr("GetAuthorizationToken", "{}").sign(&wharf.aws()).send(&wharf.url()).await.expect(200);
    wharf.signal("TERM");
    assert!(wharf.wait(Duration::from_secs(20)).is_some_and(|status| status.success()));
    assert_eq!(named(&wharf, "GetAuthorizationToken", 1).await.len(), 1);
}
