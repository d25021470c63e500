//! `registryId`, regions, and hosts of registries.

use serde_json::json;
use tests::harness::{DEFAULT, Wharf, on_default};

use super::run;

#[tokio::test]
async fn a_registry_of_nobody_has_no_repositories() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ecr.create_repository(repositoryName="app")
one, digest = [{"imageTag": "v1"}], "sha256:" + "0" * 64
policy = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]})
for call, arguments in [
    (ecr.create_repository, {}), (ecr.delete_repository, {}), (ecr.describe_images, {}), (ecr.list_images, {}),
    (ecr.get_repository_policy, {}), (ecr.delete_repository_policy, {}), (ecr.initiate_layer_upload, {}),
    (ecr.set_repository_policy, {"policyText": policy}),
    (ecr.put_image_tag_mutability, {"imageTagMutability": "MUTABLE"}),
    (ecr.put_image_scanning_configuration, {"imageScanningConfiguration": {"scanOnPush": True}}),
    (ecr.batch_get_image, {"imageIds": one}), (ecr.batch_delete_image, {"imageIds": one}),
    (ecr.put_image, {"imageManifest": "{}"}), (ecr.list_image_referrers, {"subjectId": {"imageDigest": digest}}),
    (ecr.batch_check_layer_availability, {"layerDigests": [digest]}),
    (ecr.get_download_url_for_layer, {"layerDigest": digest}),
    (ecr.complete_layer_upload, {"uploadId": "u", "layerDigests": [digest]}),
    (ecr.upload_layer_part, {"uploadId": "u", "partFirstByte": 0, "partLastByte": 0, "layerPartBlob": b"x"}),
]:
    expect(message("RepositoryNotFoundException", call, registryId="999999999999", repositoryName="app", **arguments),
           "The repository with name 'app' does not exist in the registry with id '999999999999'")
    message("InvalidParameterException", call, registryId="1234", repositoryName="app", **arguments)
expect(message("RepositoryNotFoundException", ecr.describe_repositories, registryId="999999999999", repositoryNames=["app"]),
       "The repository with name 'app' does not exist in the registry with id '999999999999'")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn regions_are_apart_and_their_uris_lead_to_them() {
    for &backend in DEFAULT {
        let wharf = Wharf::with(backend)
            .set("WHARF_REGIONS", "us-east-1,eu-west-1")
            .set("WHARF_REGISTRY_HOST", "{account}.dkr.ecr.{region}.registry.test:8443")
            .start()
            .await;
        let create = r#"
made = ecr.create_repository(repositoryName="app")["repository"]
print(json.dumps([made["repositoryUri"], made["repositoryArn"]]))
"#;
        let here = run(&wharf.aws(), &json!({}), create);
        let there = run(&wharf.aws().in_region("eu-west-1"), &json!({}), create);
        for (made, region) in [(here, "us-east-1"), (there, "eu-west-1")] {
            assert_eq!(
                made,
                json!([
                    format!("000000000000.dkr.ecr.{region}.registry.test:8443/app"),
                    format!("arn:aws:ecr:{region}:000000000000:repository/app"),
                ])
            );
        }
        run(&wharf.aws(), &json!({}), "ecr.delete_repository(repositoryName='app')");
        run(&wharf.aws().in_region("eu-west-1"), &json!({}), "ecr.list_images(repositoryName='app')");
    }
}

#[tokio::test]
async fn the_uri_of_a_repository_is_the_address_that_clients_use() {
    for &backend in DEFAULT {
        let wharf = Wharf::with(backend).set("WHARF_EXTERNAL_URL", "https://registry.example.com").start().await;
        let image = wharf.client().repository("app").push_small("v1").await;
        let shown = run(
            &wharf.aws(),
            &json!({ "layer": image.blobs[1].0 }),
            r#"
uri = ecr.describe_repositories()["repositories"][0]["repositoryUri"]
url = ecr.get_download_url_for_layer(repositoryName="app", layerDigest=data["layer"])["downloadUrl"]
print(json.dumps([uri, url]))
"#,
        );
        assert_eq!(shown[0], json!("registry.example.com/app"));
        assert!(
            shown[1].as_str().is_some_and(|url| url.starts_with("https://registry.example.com/layers/")),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn another_account_reaches_what_both_sides_allow() {
    const OTHER: &str = "111122223333";
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let image = repository.push_small("v1").await;
        let other = wharf.account(OTHER).await;
        let (root, theirs) = (wharf.aws(), other.aws(wharf));
        let data = json!({ "digest": image.digest, "layer": image.blobs[1].0 });
        run(
            &theirs,
            &data,
            r#"
mine, arn = dict(registryId="000000000000", repositoryName="app"), "arn:aws:ecr:us-east-1:000000000000:repository/app"
expect(message("AccessDeniedException", ecr.describe_images, **mine),
       f"User: arn:aws:iam::111122223333:root is not authorized to perform: ecr:DescribeImages on resource: {arn} because "
       "no resource-based policy allows the ecr:DescribeImages action")
message("AccessDeniedException", ecr.list_tags_for_resource, resourceArn=arn)
message("AccessDeniedException", ecr.describe_repositories, registryId="000000000000")
# At home there is nothing of that name; it can be made.
expect(message("RepositoryNotFoundException", ecr.describe_images, repositoryName="app"),
       "The repository with name 'app' does not exist in the registry with id '111122223333'")
made = ecr.create_repository(repositoryName="app")["repository"]
assert made["repositoryUri"].startswith("111122223333.dkr.ecr.us-east-1."), made
expect(made["registryId"], "111122223333")
"#,
        );
        run(
            &root,
            &json!({}),
            r#"
ecr.set_repository_policy(repositoryName="app", policyText=json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"AWS": "111122223333"},
    "Action": ["ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:ListTagsForResource"]}]}))
"#,
        );
        run(
            &theirs,
            &data,
            r#"
mine, arn = dict(registryId="000000000000", repositoryName="app"), "arn:aws:ecr:us-east-1:000000000000:repository/app"
found = ecr.describe_images(**mine)["imageDetails"]
expect([(image["registryId"], image["imageDigest"]) for image in found], [("000000000000", data["digest"])])
expect(len(ecr.batch_get_image(imageIds=[{"imageTag": "v1"}], **mine)["images"]), 1)
url = ecr.get_download_url_for_layer(layerDigest=data["layer"], **mine)["downloadUrl"]
expect(len(urllib.request.urlopen(url).read()), 1000)
expect(ecr.list_tags_for_resource(resourceArn=arn)["tags"], [])
message("AccessDeniedException", ecr.list_images, **mine)
message("AccessDeniedException", ecr.delete_repository, **mine)
# Their own is another one still.
expect(ecr.describe_images(repositoryName="app")["imageDetails"], [])
ecr.delete_repository(registryId="111122223333", repositoryName="app")
"#,
        );
        repository.expect_image(Some("v1"), &image).await;
    })
    .await;
}
