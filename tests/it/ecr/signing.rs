//! PutSigningConfiguration, GetSigningConfiguration, DeleteSigningConfiguration, DescribeImageSigningStatus: the configuration is
//! checked and given back, and nothing pretends that images are signed.

use tests::harness::on_default;

use crate::access::model::{allow, identity_policy};

#[tokio::test]
async fn the_configuration_is_stored_and_given_back() {
    on_default(async |wharf| {
        let image = wharf.client().repository("app").push_small("v1").await;
        let script = r#"
ecr = client("ecr")
account = ecr.describe_registry()["registryId"]
for call in (ecr.get_signing_configuration, ecr.delete_signing_configuration):
    refused("SigningConfigurationNotFoundException", call)
profile = f"arn:aws:signer:us-east-1:{account}:/signing-profiles/my_profile"
configuration = {"rules": [{"signingProfileArn": profile}, {"signingProfileArn": profile + "2", "repositoryFilters": [
    {"filter": "myapp/*", "filterType": "WILDCARD_MATCH"}]}]}
put = ecr.put_signing_configuration(signingConfiguration=configuration)
assert put["signingConfiguration"] == configuration and "registryId" not in put
got = ecr.get_signing_configuration()
assert (got["registryId"], got["signingConfiguration"]) == (account, configuration)
for rules in [
    [{"signingProfileArn": "arn:aws:signer:us-east-1:1:/signing-profiles/x"}],
    [{"signingProfileArn": profile, "repositoryFilters": [{"filter": "a", "filterType": "WILDCARD"}]}],
    [{"signingProfileArn": profile, "repositoryFilters": [{"filter": "a//b", "filterType": "WILDCARD_MATCH"}]}],
    [{"signingProfileArn": profile}] * 11,
]:
    refused("InvalidParameterException", ecr.put_signing_configuration, signingConfiguration={"rules": rules})
# Nothing is signed, whatever the rules say.
status = ecr.describe_image_signing_status(repositoryName="app", imageId={"imageDigest": "DIGEST"})
assert status["signingStatuses"] == [] and status["imageId"] == {"imageDigest": "DIGEST"}, status
assert (status["registryId"], status["repositoryName"]) == (account, "app")
refused("ImageNotFoundException", ecr.describe_image_signing_status, repositoryName="app", imageId={"imageTag": "v2"})
refused("RepositoryNotFoundException", ecr.describe_image_signing_status, repositoryName="absent", imageId={"imageTag": "v1"})
deleted = ecr.delete_signing_configuration()
assert (deleted["registryId"], deleted["signingConfiguration"]) == (account, configuration)
refused("SigningConfigurationNotFoundException", ecr.get_signing_configuration)
"#;
        wharf.aws().boto3(&script.replace("DIGEST", &image.digest));
    })
    .await;
}

#[tokio::test]
async fn everything_needs_its_permission() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(&["ecr:*"], "team/*")])).await;
        wharf.aws().as_user(&user).boto3(
            r#"
ecr = client("ecr")
for call, arguments in [
    (ecr.get_signing_configuration, {}),
    (ecr.put_signing_configuration, dict(signingConfiguration={"rules": []})),
    (ecr.delete_signing_configuration, {}),
]:
    error = refused("AccessDeniedException", call, **arguments)
    assert " on resource: * because" in error["Error"]["Message"], error
refused("AccessDeniedException", ecr.describe_image_signing_status, repositoryName="other", imageId={"imageTag": "v1"})
"#,
        );
    })
    .await;
}
