//! PutRegistryPolicy, GetRegistryPolicy, DeleteRegistryPolicy: a policy for all repositories of a registry, which the API and the
//! registry protocol obey at once.

use serde_json::json;
use tests::harness::on_default;

use crate::access::model::{PULL, allow, identity_policy, user_arn};

#[tokio::test]
async fn a_policy_is_given_back_as_it_was_sent() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
account = ecr.describe_registry()["registryId"]
for call in (ecr.get_registry_policy, ecr.delete_registry_policy):
    error = refused("RegistryPolicyNotFoundException", call)
    assert error["message"] == f"Registry policy does not exist in the registry with id '{account}'", error
text = '{ "Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Principal": {"AWS": "%s"},' \
       ' "Action": ["ecr:ReplicateImage", "ecr:CreateRepository"], "Resource": "arn:aws:ecr:us-east-1:%s:repository/*"}]}' % (account, account)
expected = {"registryId": account, "policyText": text}
def plain(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
assert plain(ecr.put_registry_policy(policyText=text)) == expected
assert plain(ecr.get_registry_policy()) == expected
assert plain(ecr.delete_registry_policy()) == expected
refused("RegistryPolicyNotFoundException", ecr.get_registry_policy)
nobody = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:user/nobody"}, "Action": "ecr:*", "Resource": "*"}
for text in [json.dumps({"Statement": nobody}), "", "no policy", "{}", '{"Statement": [{"Effect": "Allow", "Action": "ecr:*"}]}', " " * 10240]:
    error = refused("InvalidParameterException", ecr.put_registry_policy, policyText=text)
    assert error["message"] == ("Invalid parameter at 'PolicyText' failed to satisfy constraint: "
        "'Invalid registry policy provided'"), error
refused("RegistryPolicyNotFoundException", ecr.get_registry_policy)
# Each region has its own.
ecr.put_registry_policy(policyText=json.dumps({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage"}}))
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn it_is_obeyed_at_once_by_api_and_registry() {
    on_default(async |wharf| {
        let image = wharf.client().repository("team/app").push_small("v1").await;
        let nobody = wharf.known_user("nobody", &identity_policy(&[])).await;
        let puller = wharf.known_user("puller", &identity_policy(&[allow(PULL, "*")])).await;
        let of_nobody = wharf.client().as_(nobody.auth()).repository("team/app");
        let of_puller = wharf.client().as_(puller.auth()).repository("team/app");
        let describe = ["ecr", "describe-images", "--repository-name", "team/app"];
        of_nobody.manifest("v1").await.expect_error(403, "DENIED");
        wharf.aws().as_user(&nobody).refused(&describe, "AccessDeniedException");

        let set = |statement: serde_json::Value| {
            let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
            wharf.aws().json(&["ecr", "put-registry-policy", "--policy-text", &text]);
        };
        // An allow of the registry is as good as one of the repository.
        set(json!({"Effect": "Allow", "Principal": {"AWS": user_arn("nobody")}, "Action": ["ecr:BatchGetImage", "ecr:DescribeImages"],
            "Resource": "arn:aws:ecr:us-east-1:*:repository/team/*"}));
        of_nobody.manifest("v1").await.expect(200);
        wharf.aws().as_user(&nobody).json(&describe);
        // Not for what it does not name.
        of_nobody.blob(&image.blobs[0].0).await.expect_error(403, "DENIED");
        wharf.client().repository("other").push_small("v1").await;
        wharf.client().as_(nobody.auth()).repository("other").manifest("v1").await.expect_error(403, "DENIED");

        // Nobody in particular may be allowed too, as by a policy of the repository.
        wharf.anonymous().repository("team/app").manifest("v1").await.expect(401);
        set(json!({"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage", "Resource": "*"}));
        wharf.anonymous().repository("team/app").manifest("v1").await.expect(200);

        // A deny wins over what users and repositories allow.
        of_puller.manifest("v1").await.expect(200);
        set(json!({"Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage", "Resource": "*"}));
        let answer = of_puller.manifest("v1").await.expect_error(403, "DENIED");
        let message = answer.json()["errors"][0]["message"].as_str().expect("a message").to_owned();
        assert!(message.ends_with("with an explicit deny in a resource-based policy"), "{message}");
        of_nobody.manifest("v1").await.expect_error(403, "DENIED");
        let get = ["ecr", "batch-get-image", "--repository-name", "team/app", "--image-ids", "imageTag=v1"];
        wharf.aws().as_user(&puller).refused(&get, "AccessDeniedException");
        // Root too.
        wharf.client().repository("team/app").manifest("v1").await.expect_error(403, "DENIED");

        wharf.aws().json(&["ecr", "delete-registry-policy"]);
        of_puller.manifest("v1").await.expect(200);
        of_nobody.manifest("v1").await.expect_error(403, "DENIED");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_locked_out_for_good() {
    on_default(async |wharf| {
        let text =
            json!({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "ecr:*", "Resource": "*"}}).to_string();
        wharf.aws().json(&["ecr", "put-registry-policy", "--policy-text", &text]);
        wharf.aws().refused(&["ecr", "describe-registry"], "AccessDeniedException");
        wharf.aws().refused(&["ecr", "describe-repositories"], "AccessDeniedException");
        // The password for docker is no business of a resource.
        wharf.aws().json(&["ecr", "get-authorization-token"]);
        // The root of the account can always read and remove it.
        assert_eq!(wharf.aws().json(&["ecr", "get-registry-policy"])["policyText"], text);
        wharf.aws().json(&["ecr", "delete-registry-policy"]);
        wharf.aws().json(&["ecr", "describe-registry"]);
    })
    .await;
}

#[tokio::test]
async fn it_needs_its_permissions_on_everything() {
    on_default(async |wharf| {
        // On a repository they are worth nothing.
        let rules = [allow(&["ecr:*"], "*")];
        let user = wharf.known_user("anna", &identity_policy(&rules)).await;
        let text = json!({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "ecr:*"}}).to_string();
        let aws = wharf.aws().as_user(&user);
        for arguments in [
            &["ecr", "put-registry-policy", "--policy-text", &text][..],
            &["ecr", "get-registry-policy"],
            &["ecr", "delete-registry-policy"],
            &["ecr", "describe-registry"],
        ] {
            let message = aws.refused(arguments, "AccessDeniedException");
            assert!(message.contains(" on resource: * because no identity-based policy allows the ecr:"), "{message}");
        }
    })
    .await;
}
