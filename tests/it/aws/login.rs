//! `aws ecr get-login-password` and what docker does with it.

use serde_json::json;
use tests::harness::{Auth, on_default};

use crate::access::model::{PULL, allow, identity_policy};

#[tokio::test]
async fn a_login_password_of_the_cli_logs_docker_in() {
    on_default(async |wharf| {
        let image = wharf.client().repository("team/app").push_small("tag").await;
        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "team/*")])).await;
        let aws = wharf.aws().as_user(&user);

        let finished = aws.cli(&["ecr", "get-login-password"]);
        assert!(finished.status.success(), "{}", finished.stderr);
        let password = finished.stdout.trim();
        let docker = wharf.client().as_(Auth::basic("AWS", password));
        docker.get("/v2/").send().await.expect(200);
        docker.repository("team/app").expect_image(Some("tag"), &image).await;
        docker.repository("other/app").manifest("tag").await.expect_error(403, "DENIED");

        let answer = aws.json(&["ecr", "get-authorization-token"]);
        let data = &answer["authorizationData"][0];
        assert_eq!(data["proxyEndpoint"], wharf.url(), "{answer}");
        let token = data["authorizationToken"].as_str().expect("a token");
        assert!(!token.contains(['+', '/']), "clients decode it with either alphabet: {token}");
        docker.as_(Auth::Verbatim(format!("Basic {token}").into_bytes())).get("/v2/").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_login_password_needs_the_permission() {
    on_default(async |wharf| {
        let statement = json!({ "Effect": "Allow", "Action": PULL, "Resource": "*" });
        let policy = json!({ "Version": "2012-10-17", "Statement": statement });
        let user = wharf.known_user("anna", &policy).await;
        let message = wharf.aws().as_user(&user).refused(&["ecr", "get-login-password"], "AccessDeniedException");
        assert_eq!(
            message,
            "User: arn:aws:iam::000000000000:user/anna is not authorized to perform: ecr:GetAuthorizationToken on \
             resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action"
        );
    })
    .await;
}

#[tokio::test]
async fn named_registries_get_an_address_each() {
    on_default(async |wharf| {
        let answer =
            wharf.aws().json(&["ecr", "get-authorization-token", "--registry-ids", "000000000000", "111122223333"]);
        let data = answer["authorizationData"].as_array().expect("a list");
        assert_eq!(data.len(), 2, "{answer}");
        assert_eq!(data[0]["proxyEndpoint"], wharf.url(), "{answer}");
        let other = format!("http://111122223333.dkr.ecr.us-east-1.{}", wharf.address());
        assert_eq!(data[1]["proxyEndpoint"], other, "{answer}");
        let message = wharf
            .aws()
            .refused(&["ecr", "get-authorization-token", "--registry-ids", "12"], "InvalidParameterException");
        assert!(message.starts_with("Invalid parameter at 'registryIds' failed to satisfy constraint: '"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn everybody_who_signs_learns_who_he_is() {
    on_default(async |wharf| {
        let root = wharf.aws().json(&["sts", "get-caller-identity"]);
        let expected =
            json!({ "Arn": "arn:aws:iam::000000000000:root", "UserId": "000000000000", "Account": "000000000000" });
        assert_eq!(root, expected);
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        let answer = wharf.aws().as_user(&user).boto3("print(json.dumps(client('sts').get_caller_identity()))");
        assert_eq!(answer["Arn"], "arn:aws:iam::000000000000:user/anna");
        assert_eq!(answer["Account"], "000000000000");
        assert!(answer["UserId"].as_str().expect("text").starts_with("AIDA"), "{answer}");
        let metadata = &answer["ResponseMetadata"];
        assert_eq!(metadata["RequestId"], metadata["HTTPHeaders"]["x-amzn-requestid"], "{answer}");
    })
    .await;
}
