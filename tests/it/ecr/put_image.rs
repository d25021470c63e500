//! `PutImage`

use serde_json::json;
use tests::harness::content::{self, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};
use tests::harness::{Image, digest, on_default, random, sha512};

use super::{image, not_found, run};

#[tokio::test]
async fn an_image_whose_layers_are_there_is_put_and_pulled_and_retagged() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let pushed = Image::small();
        for (digest, blob) in &pushed.blobs {
            repository.push_blob_as(blob, digest).await;
        }
        run(
            &wharf.aws(),
            &json!({ "image": image(&pushed), "gone": not_found("absent") }),
            r#"
put, one = ecr.put_image, data["image"]
answer = put(registryId="000000000000", repositoryName="app", imageManifest=one["manifest"], imageTag="v1")
expect(answer["image"], {
    "registryId": "000000000000", "repositoryName": "app",
    "imageId": {"imageDigest": one["digest"], "imageTag": "v1"},
    "imageManifest": one["manifest"], "imageManifestMediaType": one["mediaType"],
})
before = ecr.describe_images(repositoryName="app")["imageDetails"][0]
exists = ("Image with digest '{}' and tag '{}' already exists in the repository with name 'app' in registry with id "
          "'000000000000'")
again = dict(repositoryName="app", imageManifest=one["manifest"])
expect(message("ImageAlreadyExistsException", put, imageTag="v1", **again), exists.format(one["digest"], "v1"))
expect(message("ImageAlreadyExistsException", put, **again), exists.format(one["digest"], "null"))
expect(message("ImageAlreadyExistsException", put, imageDigest=one["digest"], **again), exists.format(one["digest"], "null"))
# Retagging, as the guide does it: the same manifest under another tag.
got = ecr.batch_get_image(repositoryName="app", imageIds=[{"imageTag": "v1"}])["images"][0]
put(repositoryName="app", imageManifest=got["imageManifest"], imageTag="stable")
put(repositoryName="app", imageManifest=got["imageManifest"], imageTag="pinned", imageDigest=one["digest"],
    imageManifestMediaType=got["imageManifestMediaType"])
after = ecr.describe_images(repositoryName="app")["imageDetails"]
expect(len(after), 1)
expect(after[0]["imageTags"], ["pinned", "stable", "v1"])
expect(after[0]["imagePushedAt"], before["imagePushedAt"])
expect(message("RepositoryNotFoundException", put, repositoryName="absent", imageManifest=one["manifest"]), data["gone"])
message("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=["absent"])
"#,
        );
        for tag in ["v1", "stable", "pinned"] {
            repository.expect_image(Some(tag), &pushed).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_untagged_image_is_put_by_its_digest_of_either_algorithm() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        repository.push_blob(b"{}").await;
        let manifest = content::to_bytes(&content::artifact("application/x"));
        let long = sha512(&manifest);
        run(
            &wharf.aws(),
            &json!({ "manifest": String::from_utf8_lossy(&manifest), "long": long, "short": digest(&manifest) }),
            r#"
first = ecr.put_image(repositoryName="app", imageManifest=data["manifest"], imageDigest=data["long"])
expect(first["image"]["imageId"], {"imageDigest": data["long"]})
second = ecr.put_image(repositoryName="app", imageManifest=data["manifest"])
expect(second["image"]["imageId"], {"imageDigest": data["short"]})
expect(message("ImageDigestDoesNotMatchException", ecr.put_image, repositoryName="app",
               imageManifest=data["manifest"] + " ", imageDigest=data["short"])[:22], "The image digest 'sha2")
"#,
        );
        repository.manifest(&long).await.expect(200).expect_body(&manifest);
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_is_named() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let config = content::config();
        repository.push_blob(&config).await;
        let (present, absent) = (repository.push_small("v1").await, Image::small());
        let layer = random(10);
        let document =
            content::manifest(content::descriptor(OCI_CONFIG, &config), vec![content::descriptor(OCI_LAYER, &layer)]);
        let index = content::index(vec![present.descriptor(), absent.descriptor()]);
        run(
            &wharf.aws(),
            &json!({
                "manifest": document.to_string(), "layer": digest(&layer), "index": index.to_string(),
                "image": absent.digest,
            }),
            r#"
put = ecr.put_image
expect(message("LayersNotFoundException", put, repositoryName="app", imageManifest=data["manifest"], imageTag="v2"),
       f"Layers with digests '[{data['layer']}]' required for pushing image into repository with name 'app' in the "
       "registry with id '000000000000' do not exist")
expect(message("ReferencedImagesNotFoundException", put, repositoryName="app", imageManifest=data["index"]),
       f"Images with digests '[{data['image']}]' required for pushing image into repository with name 'app' in the "
       "registry with id '000000000000' do not exist")
expect([image["imageTags"] for image in ecr.describe_images(repositoryName="app")["imageDetails"]], [["v1"]])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_document_that_is_no_manifest_is_refused() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let stored = repository.push_small("v1").await;
        let config = content::descriptor(OCI_CONFIG, &stored.blobs[0].1);
        let untyped = json!({ "schemaVersion": 2, "config": config, "layers": [] });
        let docker = "application/vnd.docker.distribution.manifest.v2+json";
        run(
            &wharf.aws(),
            &json!({ "untyped": untyped.to_string(), "oci": OCI_MANIFEST, "docker": docker }),
            r#"
put = ecr.put_image
for text in ["x", "{}", "[]", '{"schemaVersion":1}', '{"schemaVersion":2,"mediaType":"text/html","manifests":[]}']:
    wrong = message("InvalidParameterException", put, repositoryName="app", imageManifest=text, imageTag="t")
    assert wrong.startswith("Invalid parameter at 'ImageManifest' failed to satisfy constraint: '"), wrong
# The media type must be in the manifest or beside it.
message("InvalidParameterException", put, repositoryName="app", imageManifest=data["untyped"])
message("InvalidParameterException", put, repositoryName="app", imageManifest=data["untyped"], imageManifestMediaType="a")
answer = put(repositoryName="app", imageManifest=data["untyped"], imageManifestMediaType=data["docker"])
expect(answer["image"]["imageManifestMediaType"], data["docker"])
for tag in ["a b", "-a", "x" * 129]:
    message("InvalidParameterException", put, repositoryName="app", imageManifest=data["untyped"], imageTag=tag,
            imageManifestMediaType=data["oci"])
message("InvalidParameterException", put, repositoryName="app", imageManifest=data["untyped"], imageDigest="sha256",
        imageManifestMediaType=data["oci"])
large = data["untyped"][:-1] + ',"annotations":{"a":"' + "x" * (4 << 20) + '"}}'
message("InvalidParameterException", put, repositoryName="app", imageManifest=large, imageManifestMediaType=data["oci"])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn immutable_tags_stay_where_they_are() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let (first, second) = (repository.push_small("v1").await, repository.push_small("v2").await);
        run(
            &wharf.aws(),
            &json!({ "first": image(&first), "second": image(&second) }),
            r#"
put = ecr.put_image
ecr.put_image_tag_mutability(repositoryName="app", imageTagMutability="IMMUTABLE")
expect(message("ImageTagAlreadyExistsException", put, repositoryName="app", imageManifest=data["second"]["manifest"],
               imageTag="v1"),
       "The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the repository is "
       "immutable.")
message("ImageAlreadyExistsException", put, repositoryName="app", imageManifest=data["first"]["manifest"], imageTag="v1")
put(repositoryName="app", imageManifest=data["first"]["manifest"], imageTag="new")
"#,
        );
        repository.expect_image(Some("v1"), &first).await;
        repository.expect_image(Some("new"), &first).await;
    })
    .await;
}

#[tokio::test]
async fn a_tag_that_moves_leaves_its_image_untagged() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let first = repository.push_small("v1").await;
        let second = repository.push_small("v1").await;
        run(
            &wharf.aws(),
            &json!({ "first": image(&first), "second": image(&second) }),
            r#"
details = {found["imageDigest"]: found for found in ecr.describe_images(repositoryName="app")["imageDetails"]}
expect(set(details), {data["first"]["digest"], data["second"]["digest"]})
assert "imageTags" not in details[data["first"]["digest"]], details
expect(details[data["second"]["digest"]]["imageTags"], ["v1"])
ecr.put_image(repositoryName="app", imageManifest=data["first"]["manifest"], imageTag="v1")
expect(ecr.describe_images(repositoryName="app", imageIds=[{"imageTag": "v1"}])["imageDetails"][0]["imageDigest"],
       data["first"]["digest"])
"#,
        );
        repository.expect_image(None, &second).await;
    })
    .await;
}
