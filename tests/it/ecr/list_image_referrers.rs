//! `ListImageReferrers`

use serde_json::json;
use tests::harness::on_default;

use super::{allowing, not_found, run};

#[tokio::test]
async fn referrers_are_listed_by_type_and_page_by_page() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let (subject, lonely) = (repository.push_small("v1").await, repository.push_small("v2").await);
        let mut pushed = Vec::new();
        for number in 0..9 {
            let kind = ["application/sbom", "application/signature", "application/other"][number % 3];
            let referrer = repository.push_referrer(&subject, kind).await;
            pushed.push(json!({ "digest": referrer.digest, "kind": kind, "size": referrer.manifest.len() }));
        }
        run(
            &wharf.aws(),
            &json!({ "subject": subject.digest, "lonely": lonely.digest, "pushed": pushed, "gone": not_found("absent") }),
            r#"
def referrers(digest=data["subject"], **arguments):
    return ecr.list_image_referrers(repositoryName="app", subjectId={"imageDigest": digest}, **arguments)
whole = referrers()["referrers"]
pushed = sorted(data["pushed"], key=lambda referrer: referrer["digest"])
expect([(found["digest"], found["artifactType"], found["size"]) for found in whole],
       [(referrer["digest"], referrer["kind"], referrer["size"]) for referrer in pushed])
for found in whole:
    expect((found["mediaType"], found["artifactStatus"]), ("application/vnd.oci.image.manifest.v1+json", "ACTIVE"))
    expect(list(found["annotations"]), ["tests.nonce"])
for kinds in [["application/sbom"], ["application/signature", "application/sbom"], ["application/none"]]:
    wanted = [found for found in whole if found["artifactType"] in kinds]
    expect(referrers(filter={"artifactTypes": kinds})["referrers"], wanted)
    paged, token = [], None
    while True:
        more = {"nextToken": token} if token else {}
        page = referrers(filter={"artifactTypes": kinds}, maxResults=2, **more)
        assert len(page["referrers"]) <= 2, page
        paged.extend(page["referrers"])
        token = page.get("nextToken")
        if not token:
            break
    expect(paged, wanted)
expect(referrers(filter={"artifactStatus": "ARCHIVED"})["referrers"], [])
# A subject that has none, or is not there at all, is no error.
for other in [data["lonely"], "sha256:" + "0" * 64, "md5:00"]:
    expect(referrers(other)["referrers"], [])
expect(message("RepositoryNotFoundException", ecr.list_image_referrers, repositoryName="absent",
               subjectId={"imageDigest": data["subject"]}), data["gone"])
message("InvalidParameterException", referrers, digest="nonsense")
message("InvalidParameterException", referrers, maxResults=51)
message("InvalidParameterException", referrers, filter={"artifactStatus": "x"})
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn the_right_to_get_images_is_the_right_to_list_referrers() {
    on_default(async |wharf| {
        let subject = wharf.client().repository("app").push_small("v1").await;
        let reader = wharf.create_user("reader", &allowing(&["ecr:BatchGetImage"]));
        let other = wharf.known_user("other", &allowing(&["ecr:ListImageReferrers", "ecr:DescribeImages"])).await;
        wharf.know(&reader).await;
        let data = json!({ "subject": subject.digest });
        let list = "ecr.list_image_referrers(repositoryName='app', subjectId={'imageDigest': data['subject']})";
        run(&wharf.aws().as_user(&reader), &data, list);
        let refused = r#"
text = message("AccessDeniedException", ecr.list_image_referrers, repositoryName="app",
               subjectId={"imageDigest": data["subject"]})
assert "is not authorized to perform: ecr:BatchGetImage on resource: " in text, text
"#;
        run(&wharf.aws().as_user(&other), &data, refused);
    })
    .await;
}
