//! Lists that come in pages: whole, stable, and with tokens that cannot be made up.

use serde_json::json;
use tests::harness::content::{self, OCI_INDEX};
use tests::harness::on_default;

use super::run;

/// Images without blobs: an index each.
async fn fill(repository: &tests::harness::Repository, tags: usize, untagged: usize) {
    for number in 0..tags + untagged {
        let mut index = content::index(Vec::new());
        index["annotations"] = json!({ "number": number.to_string() });
        let bytes = content::to_bytes(&index);
        let reference = if number % 2 == 0 && number / 2 < tags || number >= 2 * untagged {
            format!("t{number:03}")
        } else {
            content::digest(&bytes)
        };
        repository.put_manifest(&reference, OCI_INDEX, &bytes).await.expect(201);
    }
}

#[tokio::test]
async fn pages_of_any_size_give_the_whole_list_once() {
    on_default(async |wharf| {
        fill(&wharf.client().repository("app"), 12, 12).await;
        let aws = wharf.aws();
        run(
            &aws,
            &json!({}),
            r#"
for number in range(12):
    ecr.create_repository(repositoryName=f"r/{number:02}")

def pages(operation, key, size, **arguments):
    found = []
    for page in ecr.get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **arguments):
        assert len(page[key]) <= size, page
        found.extend(page[key])
    return found

for operation, key, arguments in [
    ("describe_repositories", "repositories", {}),
    ("list_images", "imageIds", {"repositoryName": "app"}),
    ("list_images", "imageIds", {"repositoryName": "app", "filter": {"tagStatus": "TAGGED"}}),
    ("list_images", "imageIds", {"repositoryName": "app", "filter": {"tagStatus": "UNTAGGED"}}),
    ("describe_images", "imageDetails", {"repositoryName": "app"}),
    ("describe_images", "imageDetails", {"repositoryName": "app", "filter": {"tagStatus": "TAGGED"}}),
    ("describe_images", "imageDetails", {"repositoryName": "app", "filter": {"tagStatus": "UNTAGGED"}}),
]:
    whole = getattr(ecr, operation)(**arguments)
    assert "nextToken" not in whole, whole
    count = {None: 24, "TAGGED": 12, "UNTAGGED": 12}[arguments.get("filter", {}).get("tagStatus")]
    expect(len(whole[key]), 13 if operation == "describe_repositories" else count)
    for size in [1, 5, 12, 13, 24, 1000]:
        expect(pages(operation, key, size, **arguments), whole[key])
"#,
        );
        let by_cli = aws.json(&["ecr", "list-images", "--repository-name", "app", "--page-size", "7"]);
        assert_eq!(by_cli["imageIds"].as_array().map(Vec::len), Some(24));
        let some = aws.json(&["ecr", "list-images", "--repository-name", "app", "--max-items", "5"]);
        assert_eq!(some["imageIds"].as_array().map(Vec::len), Some(5));
    })
    .await;
}

#[tokio::test]
async fn a_token_is_good_for_its_own_list_alone() {
    on_default(async |wharf| {
        for name in ["app", "other"] {
            fill(&wharf.client().repository(name), 4, 4).await;
        }
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ids, images = ecr.list_images, ecr.describe_images
token = ids(repositoryName="app", maxResults=3)["nextToken"]
# What is sealed cannot be read from outside. (Three letters may stand in the token itself by chance.)
inside = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
assert b"t00" not in inside and b"app" not in inside, token
expect(ids(repositoryName="app", maxResults=3, nextToken=token)["imageIds"],
       ids(repositoryName="app")["imageIds"][3:6])
wrong = "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid pagination token'"
for call, arguments in [
    (ids, {"repositoryName": "other"}),
    (ids, {"repositoryName": "app", "filter": {"tagStatus": "TAGGED"}}),
    (images, {"repositoryName": "app"}),
    (ecr.describe_repositories, {}),
    (ecr.list_image_referrers, {"repositoryName": "app", "subjectId": {"imageDigest": "sha256:" + "0" * 64}}),
]:
    expect(message("InvalidParameterException", call, nextToken=token, **arguments), wrong)
for at in range(0, len(token), 7):
    altered = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]
    expect(message("InvalidParameterException", ids, repositoryName="app", nextToken=altered), wrong)
for made_up in ["x", "t001", "~", "%00", "a" * 9000]:
    expect(message("InvalidParameterException", ids, repositoryName="app", nextToken=made_up), wrong)
for size in [-1, 0, 1001]:
    try:
        message("InvalidParameterException", ids, repositoryName="app", maxResults=size)
    except botocore.exceptions.ParamValidationError:
        pass
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_comes_and_goes_between_two_pages_moves_nothing_else() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        fill(&repository, 6, 0).await;
        run(
            &wharf.aws(),
            &json!({}),
            r#"
whole = ecr.describe_images(repositoryName="app")["imageDetails"]
first = ecr.describe_images(repositoryName="app", maxResults=3)
# One that was shown goes, as does the last one of the page, which the token points behind.
ecr.batch_delete_image(repositoryName="app", imageIds=[{"imageDigest": whole[0]["imageDigest"]},
                                                       {"imageDigest": whole[2]["imageDigest"]}])
rest = ecr.describe_images(repositoryName="app", nextToken=first["nextToken"])
expect(first["imageDetails"] + rest["imageDetails"], whole)
"#,
        );
    })
    .await;
}
