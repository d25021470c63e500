//! DescribeRegistry, PutReplicationConfiguration, DescribeImageReplicationStatus and the backfills: the configuration is checked and
//! given back unchanged, an image that no rule was about has no status, and backfills need a destination that is configured.

use tests::harness::on_default;

use crate::access::model::{allow, identity_policy};

#[tokio::test]
async fn a_configuration_is_given_back_unchanged() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
before = ecr.describe_registry()
account = before["registryId"]
assert before["replicationConfiguration"] == {"rules": []}, before
configuration = {"rules": [
    {"destinations": [{"region": "eu-west-1", "registryId": account}, {"region": "us-east-1", "registryId": "111122223333"}]},
    {"destinations": [], "repositoryFilters": [{"filter": "prod/", "filterType": "PREFIX_MATCH"}],
     "deleteReplication": {"enabled": True}}]}
put = ecr.put_replication_configuration(replicationConfiguration=configuration)
assert put["replicationConfiguration"] == configuration and "registryId" not in put
assert ecr.describe_registry()["replicationConfiguration"] == configuration
# Without rules it is removed.
ecr.put_replication_configuration(replicationConfiguration={"rules": []})
assert ecr.describe_registry()["replicationConfiguration"] == {"rules": []}
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_configuration_that_is_not_valid_changes_nothing() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
account = ecr.describe_registry()["registryId"]
there = {"region": "eu-west-1", "registryId": "111122223333"}
configuration = {"rules": [{"destinations": [there]}]}
ecr.put_replication_configuration(replicationConfiguration=configuration)
def check(expected, *rules):
    error = refused("InvalidParameterException", ecr.put_replication_configuration, replicationConfiguration={"rules": list(rules)})
    assert expected in error["message"], error["message"]
error = refused("InvalidParameterException", ecr.put_replication_configuration, replicationConfiguration={"rules": [
    {"destinations": [{"region": "us-east-1", "registryId": account}]}]})
assert error["message"] == ("Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: "
    "'Replication destination cannot be the same as the source registry'"), error
check("rules exceeded", *[{"destinations": [there]}] * 11)
check("unique destinations exceeded", {"destinations": [{"region": f"eu-west-{n}", "registryId": account} for n in range(26)]})
check("'registryId'", {"destinations": [{"region": "eu-west-1", "registryId": "1"}]})
check("'region'", {"destinations": [{"region": "EU", "registryId": account}]})
check("'filterType'", {"destinations": [there], "repositoryFilters": [{"filter": "prod", "filterType": "WILDCARD"}]})
check("'filter'", {"destinations": [there], "repositoryFilters": [{"filter": "/prod", "filterType": "PREFIX_MATCH"}]})
assert ecr.describe_registry()["replicationConfiguration"] == configuration
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn an_image_that_no_rule_was_about_has_no_status() {
    on_default(async |wharf| {
        let image = wharf.client().repository("app").push_small("v1").await;
        let script = r#"
ecr = client("ecr")
ecr.put_replication_configuration(replicationConfiguration={"rules": [
    {"destinations": [{"region": "eu-west-1", "registryId": "111122223333"}]}]})
status = ecr.describe_image_replication_status(repositoryName="app", imageId={"imageTag": "v1"})
assert status["repositoryName"] == "app" and status["replicationStatuses"] == []
assert status["imageId"] == {"imageDigest": "DIGEST", "imageTag": "v1"}, status
for image in ({"imageTag": "v2"}, {"imageDigest": "sha256:" + "0" * 64}):
    refused("ImageNotFoundException", ecr.describe_image_replication_status, repositoryName="app", imageId=image)
refused("RepositoryNotFoundException", ecr.describe_image_replication_status, repositoryName="absent", imageId={"imageTag": "v1"})
refused("InvalidParameterException", ecr.describe_image_replication_status, repositoryName="app", imageId={})
refused("InvalidParameterException", ecr.describe_image_replication_status, repositoryName="app", imageId={"imageDigest": "x"})
"#;
        wharf.aws().boto3(&script.replace("DIGEST", &image.digest));
    })
    .await;
}

#[tokio::test]
async fn backfills_need_a_destination_that_is_configured() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
account = ecr.describe_registry()["registryId"]
there = {"region": "eu-west-1", "registryId": "111122223333"}
error = refused("ValidationException", ecr.start_replication_backfill, destination=there)
assert "not in the replication configuration" in error["message"], error
ecr.put_replication_configuration(replicationConfiguration={"rules": [{"destinations": [there]}]})
refused("InvalidParameterException", ecr.start_replication_backfill, destination={"region": "EU", "registryId": account})
refused("InvalidParameterException", ecr.start_replication_backfill, destination=there, registryId="111122223333")
listed = ecr.list_replication_backfills(registryId=account, maxResults=50)
assert listed["registryId"] == account and listed["backfills"] == [] and "nextToken" not in listed
refused("InvalidParameterException", ecr.list_replication_backfills, nextToken="made up")
for call in (ecr.stop_replication_backfill, ecr.describe_replication_backfill_results):
    refused("ReplicationBackfillNotFoundException", call, replicationBackfillId="0123abcd-0123-0123-0123-0123456789ab")
    refused("InvalidParameterException", call, replicationBackfillId="unknown")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn everything_needs_its_permission() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(&["ecr:*"], "*")])).await;
        wharf.client().repository("app").push_small("v1").await;
        wharf.aws().as_user(&user).boto3(
            r#"
ecr = client("ecr")
there = {"region": "eu-west-1", "registryId": "111122223333"}
backfill = "0123abcd-0123-0123-0123-0123456789ab"
for call, arguments in [
    (ecr.describe_registry, {}),
    (ecr.put_replication_configuration, dict(replicationConfiguration={"rules": []})),
    (ecr.start_replication_backfill, dict(destination=there)),
    (ecr.stop_replication_backfill, dict(replicationBackfillId=backfill)),
    (ecr.list_replication_backfills, {}),
    (ecr.describe_replication_backfill_results, dict(replicationBackfillId=backfill)),
]:
    error = refused("AccessDeniedException", call, **arguments)
    assert " on resource: * because" in error["Error"]["Message"], error
# What is about an image is about its repository.
ecr.describe_image_replication_status(repositoryName="app", imageId={"imageTag": "v1"})
"#,
        );
    })
    .await;
}
