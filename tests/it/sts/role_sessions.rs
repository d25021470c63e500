//! A session of a role at work: docker, the API, other accounts; and what ends it.

use serde_json::json;
use tests::harness::admin::within_5_s;
use tests::harness::content::OCI_INDEX;
use tests::harness::{Auth, on_default};

use super::{docker, script, with_credentials};
use crate::access::model::identity_policy;
use crate::access::world::empty_index;

const ASSUME: [&str; 6] =
    ["sts", "assume-role", "--role-arn", "arn:aws:iam::000000000000:role/deploy", "--role-session-name", "run"];

/// A role that user anna may assume, and that may do everything in the registry.
const DEPLOY: &str = "role('deploy', trust({'AWS': 'arn:aws:iam::000000000000:user/anna'}), allow('ecr:*'))";

#[tokio::test]
async fn docker_pushes_and_pulls_for_a_session_and_stops_with_it() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        script(&wharf.aws(), DEPLOY);
        let aws = wharf.aws().as_user(&user);
        let answer = aws.json(&[&ASSUME[..], &["--duration-seconds", "900"]].concat());
        let session = with_credentials(&wharf.aws(), &answer);
        let docker = docker(wharf, &session);
        let image = docker.repository("team/app").push_small("tag").await;
        docker.repository("team/app").expect_image(Some("tag"), &image).await;

        // No token outlives the session.
        let token = docker.get("/token?service=wharf&offline_token=true").send().await.expect(200).json();
        let seconds = token["expires_in"].as_u64().expect("a number");
        assert!((800..=900).contains(&seconds), "{token}");
        let bearer = wharf.client().as_(Auth::Bearer(token["token"].as_str().expect("a token").to_owned()));
        bearer.repository("team/app").expect_image(Some("tag"), &image).await;
        let answer = session.json(&["ecr", "get-authorization-token"]);
        let expires = answer["authorizationData"][0]["expiresAt"].as_f64().expect("a time");
        let begin = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs_f64();
        assert!((begin + 700.0..begin + 900.0).contains(&expires), "{answer}");
        assert!(token.get("refresh_token").is_none(), "the password of the session is as good: {token}");
        // A token for one use is none for another.
        let access = token["token"].as_str().expect("a token");
        wharf.client().as_(Auth::basic("AWS", access)).get("/v2/").send().await.expect(401);
        let form = [("grant_type", "refresh_token"), ("service", "wharf"), ("refresh_token", access)];
        wharf.anonymous().post("/token").form(&form).send().await.expect(401);

        // The role's policies count as they are now.
        script(&wharf.aws(), "client('iam').delete_role_policy(RoleName='deploy', PolicyName='own')");
        bearer.get("/v2/team/app/manifests/tag").send().await.expect_error(403, "DENIED");
        script(&wharf.aws(), "client('iam').delete_role(RoleName='deploy')");
        for client in [&bearer, &docker] {
            client.get("/v2/").send().await.expect(401);
        }
        session.refused(&["sts", "get-caller-identity"], "InvalidClientTokenId");
        // One of the same name is another.
        script(&wharf.aws(), DEPLOY);
        bearer.get("/v2/").send().await.expect(401);
        session.refused(&["sts", "get-caller-identity"], "InvalidClientTokenId");
    })
    .await;
}

#[tokio::test]
async fn sessions_from_before_a_moment_can_be_revoked() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        script(&wharf.aws(), DEPLOY);
        let aws = wharf.aws().as_user(&user);
        let before = with_credentials(&wharf.aws(), &aws.json(&ASSUME));
        let docker_before = docker(wharf, &before);
        docker_before.repository("team/app").push_small("tag").await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        script(
            &wharf.aws(),
            "
now = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
deny = {'Effect': 'Deny', 'Action': '*', 'Resource': '*', 'Condition': {'DateLessThan': {'aws:TokenIssueTime': now}}}
client('iam').put_role_policy(RoleName='deploy', PolicyName='AWSRevokeOlderSessions', PolicyDocument=document(deny))",
        );
        let refused = docker_before.get("/v2/team/app/manifests/tag").send().await.expect_error(403, "DENIED");
        assert!(refused.to_string().contains("with an explicit deny in an identity-based policy"), "{refused}");
        before.refused(&["ecr", "get-login-password"], "AccessDeniedException");
        let after = with_credentials(&wharf.aws(), &aws.json(&ASSUME));
        docker(wharf, &after).get("/v2/team/app/manifests/tag").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn conditions_see_who_and_with_what() {
    on_default(async |wharf| {
        wharf.client().repository("team/app").push_small("tag").await;
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        script(&wharf.aws(), DEPLOY);
        let answer = wharf.aws().as_user(&user).json(&ASSUME);
        let docker = docker(wharf, &with_credentials(&wharf.aws(), &answer));
        let status = async |condition: &str, agent: &str| {
            let deny = format!(
                "
deny = {{'Effect': 'Deny', 'Action': 'ecr:ListImages', 'Resource': '*', 'Condition': {condition}}}
client('iam').put_role_policy(RoleName='deploy', PolicyName='deny', PolicyDocument=document(deny))"
            );
            script(&wharf.aws(), &deny);
            docker.get("/v2/team/app/tags/list").header("user-agent", agent).send().await.status()
        };
        for (condition, agent, denied) in [
            ("{'StringLike': {'aws:UserAgent': 'docker/2*'}}", "docker/29", true),
            ("{'StringLike': {'aws:UserAgent': 'docker/2*'}}", "podman/5", false),
            ("{'StringEquals': {'aws:PrincipalArn': 'arn:aws:iam::000000000000:role/deploy'}}", "x", true),
            ("{'StringEquals': {'aws:PrincipalAccount': '000000000000'}}", "x", true),
            ("{'StringLike': {'aws:userid': 'AROA*:run'}}", "x", true),
            ("{'Null': {'aws:username': 'true'}}", "x", true),
            ("{'StringEquals': {'aws:RequestedRegion': 'us-east-1'}}", "x", true),
            ("{'IpAddress': {'aws:SourceIp': '127.0.0.0/8'}}", "x", true),
            ("{'Bool': {'aws:SecureTransport': 'true'}}", "x", false),
            ("{'NumericGreaterThan': {'aws:EpochTime': '1700000000'}}", "x", true),
            ("{'DateLessThan': {'aws:CurrentTime': '2020-01-01T00:00:00Z'}}", "x", false),
            ("{'Bool': {'aws:MultiFactorAuthPresent': 'false'}}", "x", true),
        ] {
            let status = status(condition, agent).await;
            assert_eq!(status, if denied { 403 } else { 200 }, "{condition} {agent}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_role_leads_into_another_account() {
    const OTHER: &str = "111122223333";
    on_default(async |wharf| {
        let other = wharf.account(OTHER).await;
        let assume = json!({ "Version": "2012-10-17", "Statement":
            { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": format!("arn:aws:iam::{OTHER}:role/guest") } });
        let user = wharf.known_user("anna", &assume).await;
        // The other account lets a user of this one assume a role of its own.
        script(
            &other.aws(wharf),
            "role('guest', trust({'AWS': 'arn:aws:iam::000000000000:user/anna'}), allow('ecr:*'))",
        );
        let root = wharf.client().as_(other.auth());
        let call = root.repository("team/app").put_manifest_call("tag", OCI_INDEX, &empty_index());
        call.header("host", other.host()).send().await.expect(201);
        let arn = format!("arn:aws:iam::{OTHER}:role/guest");
        let call = ["sts", "assume-role", "--role-arn", &arn, "--role-session-name", "run"];
        let session = with_credentials(&wharf.aws(), &wharf.aws().as_user(&user).json(&call));
        assert_eq!(session.json(&["sts", "get-caller-identity"])["Account"], OTHER);
        let docker = docker(wharf, &session);
        other.get(&docker, "/v2/team/app/manifests/tag").send().await.expect(200);
        docker.get("/v2/team/app/manifests/tag").send().await.expect_error(403, "DENIED");
        // Without its own account's leave the user gets nowhere.
        wharf.set_user_policy("anna", &identity_policy(&[]));
        let aws = wharf.aws().as_user(&user);
        within_5_s("the policy", async || !aws.cli(&call).status.success()).await;
        aws.refused(&call, "AccessDenied");
    })
    .await;
}
