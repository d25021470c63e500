//! The scanning configuration of the registry and of repositories: it is checked and applied by name. What it leads to is tried in
//! `scanning`.

use tests::harness::on_default;

use crate::access::model::{allow, identity_policy};

#[tokio::test]
async fn the_configuration_is_stored_under_one_name_and_read_under_another() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
before = ecr.get_registry_scanning_configuration()
assert before["scanningConfiguration"] == {"scanType": "BASIC", "rules": []}, before
assert before["registryId"] == ecr.describe_registry()["registryId"]
configuration = {"scanType": "ENHANCED", "rules": [
    {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]},
    {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "prod", "filterType": "WILDCARD"}]}]}
put = ecr.put_registry_scanning_configuration(**configuration)
assert put["registryScanningConfiguration"] == configuration and "registryId" not in put
got = ecr.get_registry_scanning_configuration()
assert got["scanningConfiguration"] == configuration and "registryScanningConfiguration" not in got
def filters(*names):
    return [{"filter": name, "filterType": "WILDCARD"} for name in names]
for arguments in [
    dict(scanType="FULL"),
    dict(scanType="BASIC", rules=[{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": filters("*")}]),
    dict(scanType="ENHANCED", rules=[{"scanFrequency": "MANUAL", "repositoryFilters": filters("*")}]),
    dict(rules=[{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters("*")}] * 2),
    dict(rules=[{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters("Prod")}]),
    dict(rules=[{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "a", "filterType": "PREFIX_MATCH"}]}]),
]:
    refused("InvalidParameterException", ecr.put_registry_scanning_configuration, **arguments)
assert ecr.get_registry_scanning_configuration()["scanningConfiguration"] == configuration
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn repositories_have_the_rule_that_fits_their_name() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
account = ecr.describe_registry()["registryId"]
ecr.create_repository(repositoryName="team/prod")
ecr.create_repository(repositoryName="team/dev", imageScanningConfiguration={"scanOnPush": True})
def of(*names):
    answer = ecr.batch_get_repository_scanning_configuration(repositoryNames=list(names))
    return answer["scanningConfigurations"], answer["failures"]
found, failures = of("team/dev", "absent", "team/prod")
assert failures == [{"repositoryName": "absent", "failureCode": "REPOSITORY_NOT_FOUND", "failureReason": "REPOSITORY_NOT_FOUND"}]
dev, prod = found
assert dev == {"repositoryArn": f"arn:aws:ecr:us-east-1:{account}:repository/team/dev", "repositoryName": "team/dev",
    "scanOnPush": True, "scanFrequency": "SCAN_ON_PUSH", "appliedScanFilters": []}, dev
assert (prod["scanOnPush"], prod["scanFrequency"]) == (False, "MANUAL"), prod
ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[
    {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "prod", "filterType": "WILDCARD"},
                                                            {"filter": "team/p*", "filterType": "WILDCARD"}]}])
(dev, prod), _ = of("team/dev", "team/prod")
assert (dev["scanOnPush"], dev["scanFrequency"]) == (False, "MANUAL"), dev
assert (prod["scanOnPush"], prod["scanFrequency"]) == (True, "SCAN_ON_PUSH"), prod
assert prod["appliedScanFilters"] == [{"filter": "team/p*", "filterType": "WILDCARD"}], prod
refused("InvalidParameterException", ecr.batch_get_repository_scanning_configuration, repositoryNames=["NO NAME"])
refused("InvalidParameterException", ecr.batch_get_repository_scanning_configuration, repositoryNames=["team/dev"] * 26)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn everything_needs_its_permission() {
    on_default(async |wharf| {
        wharf.create_repository("team/app", "MUTABLE", &[]);
        let user = wharf.known_user("anna", &identity_policy(&[allow(&["ecr:*"], "team/*")])).await;
        wharf.aws().as_user(&user).boto3(
            r#"
ecr = client("ecr")
for call, arguments in [
    (ecr.get_registry_scanning_configuration, {}),
    (ecr.put_registry_scanning_configuration, dict(scanType="BASIC")),
]:
    error = refused("AccessDeniedException", call, **arguments)
    assert " on resource: * because" in error["Error"]["Message"], error
# These are about repositories, each of them.
ecr.batch_get_repository_scanning_configuration(repositoryNames=["team/app"])
for call, arguments in [
    (ecr.batch_get_repository_scanning_configuration, dict(repositoryNames=["team/app", "other"])),
    (ecr.start_image_scan, dict(repositoryName="other", imageId={"imageTag": "v1"})),
    (ecr.describe_image_scan_findings, dict(repositoryName="other", imageId={"imageTag": "v1"})),
]:
    error = refused("AccessDeniedException", call, **arguments)
    assert error["Error"]["Message"].count(":repository/other because") == 1, error
"#,
        );
    })
    .await;
}
