//! `CreateRepository`

use serde_json::json;
use tests::harness::on_default;

use super::{ACCOUNT, run};

#[tokio::test]
async fn a_repository_has_the_settings_of_its_creator_and_defaults_for_the_rest() {
    on_default(async |wharf| {
        let host = wharf.address().to_string();
        run(
            &wharf.aws(),
            &json!({ "host": host, "account": ACCOUNT }),
            r#"
plain = ecr.create_repository(repositoryName="team/plain")["repository"]
created = plain.pop("createdAt")
assert abs(created.timestamp() - time.time()) < 120, created
expect(plain, {
    "repositoryArn": f"arn:aws:ecr:us-east-1:{data['account']}:repository/team/plain",
    "registryId": data["account"],
    "repositoryName": "team/plain",
    "repositoryUri": f"{data['host']}/team/plain",
    "imageTagMutability": "MUTABLE",
    "imageScanningConfiguration": {"scanOnPush": False},
    "encryptionConfiguration": {"encryptionType": "AES256"},
})
filters = [{"filterType": "WILDCARD", "filter": "dev-*"}, {"filterType": "WILDCARD", "filter": "latest"}]
full = ecr.create_repository(
    registryId=data["account"],
    repositoryName="team/full",
    tags=[{"Key": "team", "Value": "web"}, {"Key": "empty", "Value": ""}],
    imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
    imageTagMutabilityExclusionFilters=filters,
    imageScanningConfiguration={"scanOnPush": True},
    encryptionConfiguration={"encryptionType": "KMS"},
)["repository"]
expect(full["imageTagMutability"], "IMMUTABLE_WITH_EXCLUSION")
expect(full["imageTagMutabilityExclusionFilters"], filters)
expect(full["imageScanningConfiguration"], {"scanOnPush": True})
key = full["encryptionConfiguration"]["kmsKey"]
import uuid
uuid.UUID(key.removeprefix(f"arn:aws:kms:us-east-1:{data['account']}:key/"))
expect(full["encryptionConfiguration"]["encryptionType"], "KMS")
tags = ecr.list_tags_for_resource(resourceArn=full["repositoryArn"])["tags"]
expect(sorted((tag["Key"], tag["Value"]) for tag in tags), [("empty", ""), ("team", "web")])
own = f"arn:aws:kms:us-east-1:{data['account']}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
for name, given, shown in [("arn", own, own), ("id", own.split("/")[1], own), ("alias", "alias/mine", "alias/mine")]:
    made = ecr.create_repository(
        repositoryName=f"keys/{name}", encryptionConfiguration={"encryptionType": "KMS_DSSE", "kmsKey": given})
    expect(made["repository"]["encryptionConfiguration"], {"encryptionType": "KMS_DSSE", "kmsKey": shown})
again = {repository["repositoryName"]: repository for repository in ecr.describe_repositories()["repositories"]}
expect(sorted(again), ["keys/alias", "keys/arn", "keys/id", "team/full", "team/plain"])
full.pop("createdAt")
again["team/full"].pop("createdAt")
expect(again["team/full"], full)
"#,
        );
        // What was created by the API is pushed to and pulled from by its URI.
        let repository = wharf.client().repository("team/full");
        let image = repository.push_small("v1").await;
        repository.expect_image(Some("v1"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_in_ecrs_words_and_creates_nothing() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({ "account": ACCOUNT }),
            r#"
create = ecr.create_repository
create(repositoryName="taken")
expect(message("RepositoryAlreadyExistsException", create, repositoryName="taken"),
       f"The repository with name 'taken' already exists in the registry with id '{data['account']}'")
for name in ["UPPER", "a//b", "a..b", "/a", "a/", "ä1", "a b", "a" * 257]:
    text = message("InvalidParameterException", create, repositoryName=name)
    assert text.startswith("Invalid parameter at 'repositoryName' failed to satisfy constraint: '"), text
for bad in [
    {"imageTagMutability": "SOMETIMES"},
    {"imageTagMutability": "MUTABLE_WITH_EXCLUSION"},
    {"imageTagMutability": "IMMUTABLE", "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "a"}]},
    {"imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "a"}]},
    {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
     "imageTagMutabilityExclusionFilters": [{"filterType": "REGEX", "filter": "a"}]},
    {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
     "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "a***"}]},
    {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
     "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "a b"}]},
    {"encryptionConfiguration": {"encryptionType": "ROT13"}},
    {"encryptionConfiguration": {"encryptionType": "AES256", "kmsKey": "alias/x"}},
]:
    text = message("InvalidParameterException", create, repositoryName="new/one", **bad)
    assert "failed to satisfy constraint" in text, text
for bad in [[{"Key": "aws:x", "Value": "v"}], [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}],
            [{"Key": "a!b", "Value": "v"}], [{"Key": "k" * 129, "Value": "v"}], [{"Key": "k", "Value": "v" * 257}]]:
    message("InvalidTagParameterException", create, repositoryName="new/one", tags=bad)
message("TooManyTagsException", create, repositoryName="new/one",
        tags=[{"Key": str(number), "Value": ""} for number in range(51)])
expect([found["repositoryName"] for found in ecr.describe_repositories()["repositories"]], ["taken"])
create(repositoryName="new/one", tags=[{"Key": str(number), "Value": ""} for number in range(50)])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn of_many_who_create_one_repository_one_does() {
    on_default(async |wharf| {
        let created = run(
            &wharf.aws(),
            &json!({}),
            r#"
import concurrent.futures

def create(number):
    try:
        ecr.create_repository(repositoryName="wanted", tags=[{"Key": "by", "Value": str(number)}])
        return number
    except ecr.exceptions.RepositoryAlreadyExistsException:
        return None

with concurrent.futures.ThreadPoolExecutor(8) as pool:
    winners = [number for number in pool.map(create, range(16)) if number is not None]
arn = ecr.describe_repositories(repositoryNames=["wanted"])["repositories"][0]["repositoryArn"]
tags = ecr.list_tags_for_resource(resourceArn=arn)["tags"]
print(json.dumps({"winners": winners, "tags": tags}))
"#,
        );
        let winners = created["winners"].as_array().expect("a list");
        assert_eq!(winners.len(), 1, "{created}");
        assert_eq!(created["tags"], json!([{"Key": "by", "Value": winners[0].to_string()}]));
    })
    .await;
}
