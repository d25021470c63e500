//! `GetSessionToken`, `GetAccessKeyInfo`, and the operations that are not offered.

use serde_json::{Value, json};
use tests::harness::admin::within_5_s;
use tests::harness::{Auth, DEFAULT, Wharf, on_default};

use super::{docker, script, with_credentials};
use crate::access::model::{PULL, PUSH, allow, identity_policy};

#[tokio::test]
async fn a_session_is_its_owner_and_ends_with_the_key() {
    on_default(async |wharf| {
        let image = wharf.client().repository("team/app").push_small("tag").await;
        let user = wharf.known_user("anna", &everything(&[allow(PULL, "team/*")])).await;
        let own = wharf.aws().as_user(&user);
        let answer = own.json(&["sts", "get-session-token", "--duration-seconds", "900"]);
        let id = answer["Credentials"]["AccessKeyId"].as_str().expect("an id").to_owned();
        assert!(id.starts_with("ASIA") && id.len() == 20, "{id}");
        let session = with_credentials(&wharf.aws(), &answer);
        let caller = session.json(&["sts", "get-caller-identity"]);
        assert_eq!(caller, own.json(&["sts", "get-caller-identity"]));
        assert_eq!(caller["Arn"], "arn:aws:iam::000000000000:user/anna");

        let docker = docker(wharf, &session);
        docker.repository("team/app").expect_image(Some("tag"), &image).await;
        let token = docker.get("/token?service=wharf&offline_token=true").send().await.expect(200).json();
        assert!(token["expires_in"].as_u64().expect("a number") <= 900, "{token}");
        let bearer = wharf.client().as_(Auth::Bearer(token["token"].as_str().expect("a token").to_owned()));
        bearer.get("/v2/").send().await.expect(200);
        assert!(token.get("refresh_token").is_none(), "the password of the session is as good: {token}");

        // The secret alone is not enough, and another session's token does not fit.
        let other = with_credentials(&wharf.aws(), &own.json(&["sts", "get-session-token"]));
        let bare = wharf.aws().with_key(&session.access_key_id, &session.secret);
        bare.refused(&["sts", "get-caller-identity"], "InvalidClientTokenId");
        let token = other.session_token.clone().expect("a token");
        let mixed = wharf.aws().with_session(&session.access_key_id, &session.secret, &token);
        mixed.refused(&["sts", "get-caller-identity"], "InvalidClientTokenId");
        let wrong = wharf.aws().with_session(&session.access_key_id, "x", &session.session_token.clone().expect("one"));
        wrong.refused(&["sts", "get-caller-identity"], "SignatureDoesNotMatch");
        wharf.client().as_(Auth::basic(&session.access_key_id, &session.secret)).get("/v2/").send().await.expect(401);

        let message = session.refused(&["sts", "get-session-token"], "AccessDenied");
        assert_eq!(message, "Cannot call GetSessionToken with session credentials");

        wharf.admin_must(&["disable-key", &user.access_key_id]);
        within_5_s("the key", async || docker.get("/v2/").send().await.status() == 401).await;
        bearer.get("/v2/").send().await.expect(401);
        session.refused(&["sts", "get-caller-identity"], "InvalidClientTokenId");
        session.refused(&["ecr", "get-login-password"], "UnrecognizedClientException");
    })
    .await;
}

#[tokio::test]
async fn a_session_survives_the_rotation_of_keys_and_a_restart() {
    for backend in DEFAULT {
        let mut wharf = Wharf::start(*backend).await;
        let user = wharf.known_user("anna", &everything(&[allow(PUSH, "*")])).await;
        let answer = wharf.aws().as_user(&user).json(&["sts", "get-session-token"]);
        let session = with_credentials(&wharf.aws(), &answer);
        wharf.admin_must(&["rotate-signing-key"]);
        session.json(&["sts", "get-caller-identity"]);
        wharf.restart().await;
        assert_eq!(session.json(&["sts", "get-caller-identity"])["Arn"], "arn:aws:iam::000000000000:user/anna");
    }
}

#[tokio::test]
async fn durations_are_checked_and_shortened_for_root() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let refused = script(
            &aws,
            "
sts = unchecked('sts')
low = refused('ValidationError', sts.get_session_token, DurationSeconds=899)
refused('ValidationError', sts.get_session_token, DurationSeconds=129601)
print(json.dumps(low['Error']['Message']))",
        );
        let expected = "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member \
                        must have value greater than or equal to 900";
        assert_eq!(refused, expected);
        let script = "
import datetime
def left(**arguments):
    end = client('sts').get_session_token(**arguments)['Credentials']['Expiration']
    return round((end - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 60)
print(json.dumps([left(), left(DurationSeconds=129600), left(DurationSeconds=900)]))";
        assert_eq!(aws.boto3(script), json!([60, 60, 15]));
        let user = wharf.known_user("anna", &everything(&[])).await;
        assert_eq!(aws.as_user(&user).boto3(script), json!([12 * 60, 36 * 60, 15]));
        let mfa = ["sts", "get-session-token", "--serial-number", "arn:aws:iam::000000000000:mfa/x", "--token-code", "123456"];
        aws.refused(&mfa, "AccessDenied");
    })
    .await;
}

#[tokio::test]
async fn an_access_key_tells_its_account() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let account = |id: &str| aws.json(&["sts", "get-access-key-info", "--access-key-id", id])["Account"].clone();
        assert_eq!(account(&aws.access_key_id), "000000000000");
        let user = wharf.known_user("anna", &everything(&[])).await;
        wharf.admin_must(&["disable-key", &user.access_key_id]);
        assert_eq!(account(&user.access_key_id), "000000000000");
        let answer = aws.json(&["sts", "get-session-token"]);
        assert_eq!(account(answer["Credentials"]["AccessKeyId"].as_str().expect("an id")), "000000000000");
        aws.refused(&["sts", "get-access-key-info", "--access-key-id", "AKIAIOSFODNN7EXAMPLE"], "ValidationError");
        aws.refused(&["sts", "get-access-key-info", "--access-key-id", "AKIA!SFODNN7EXAMPLE"], "ValidationError");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_offered_says_so_with_errors_that_aws_defines() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        aws.refused(&["sts", "get-federation-token", "--name", "anna"], "RegionDisabledException");
        let decode = ["sts", "decode-authorization-message", "--encoded-message", "x"];
        aws.refused(&decode, "InvalidAuthorizationMessageException");
        let user = wharf.known_user("anna", &everything(&[])).await;
        let message = aws.as_user(&user).refused(&decode, "AccessDenied");
        assert!(message.contains("sts:DecodeAuthorizationMessage on resource: *"), "{message}");
        let info = ["sts", "get-access-key-info", "--access-key-id", &user.access_key_id];
        assert!(aws.as_user(&user).refused(&info, "AccessDenied").contains("sts:GetAccessKeyInfo"));
    })
    .await;
}

/// An identity policy of rules, which may log in with docker.
fn everything(rules: &[crate::access::model::Rule]) -> Value {
    let mut policy = identity_policy(rules);
    let login = json!({ "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*" });
    policy["Statement"].as_array_mut().expect("a list").push(login);
    policy
}
