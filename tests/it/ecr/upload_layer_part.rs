//! `InitiateLayerUpload`, `UploadLayerPart` and `CompleteLayerUpload`

use serde_json::json;
use tests::harness::{on_all, on_default};

use super::{not_found, run};

#[tokio::test]
async fn an_image_that_comes_through_the_api_alone_is_pulled_by_the_registry_protocol() {
    on_all(async |wharf| {
        let pushed = run(
            &wharf.aws(),
            &json!({}),
            r#"
import os
ecr.create_repository(repositoryName="app")

def upload(content, size):
    begun = ecr.initiate_layer_upload(repositoryName="app", registryId="000000000000")
    expect(begun["partSize"], 10 << 20)
    import uuid
    uuid.UUID(begun["uploadId"])
    for first in range(0, len(content), size):
        part = content[first:first + size]
        answer = ecr.upload_layer_part(repositoryName="app", uploadId=begun["uploadId"], partFirstByte=first,
                                       partLastByte=first + len(part) - 1, layerPartBlob=part)
        answer.pop("ResponseMetadata")
        expect(answer, {"registryId": "000000000000", "repositoryName": "app", "uploadId": begun["uploadId"],
                        "lastByteReceived": first + len(part) - 1})
    answer = ecr.complete_layer_upload(repositoryName="app", uploadId=begun["uploadId"], layerDigests=[sha256(content)])
    answer.pop("ResponseMetadata")
    expect(answer, {"registryId": "000000000000", "repositoryName": "app", "uploadId": begun["uploadId"],
                    "layerDigest": sha256(content)})
    # An answer that was lost on the way can be asked for again.
    ecr.complete_layer_upload(repositoryName="app", uploadId=begun["uploadId"], layerDigests=[sha256(content)])
    return {"digest": sha256(content), "size": len(content)}

layer = os.urandom((12 << 20) + 12345)
config = json.dumps({"architecture": "amd64", "os": "linux"}).encode()
descriptors = {
    "config": dict(upload(config, 1 << 20), mediaType="application/vnd.oci.image.config.v1+json"),
    "layers": [dict(upload(layer, 5 << 20), mediaType="application/vnd.oci.image.layer.v1.tar")],
}
manifest = json.dumps(dict(descriptors, schemaVersion=2, mediaType="application/vnd.oci.image.manifest.v1+json"))
image = ecr.put_image(repositoryName="app", imageManifest=manifest, imageTag="v1")["image"]
expect(ecr.describe_images(repositoryName="app")["imageDetails"][0]["imageSizeInBytes"], len(layer) + len(config))
print(json.dumps({"manifest": manifest, "digest": image["imageId"]["imageDigest"], "layer": sha256(layer),
                  "size": len(layer)}))
"#,
        );
        let repository = wharf.client().repository("app");
        let text = |key: &str| pushed[key].as_str().expect("text").to_owned();
        let manifest = repository.manifest("v1").await.expect(200);
        manifest.expect_header("docker-content-digest", &text("digest")).expect_body(text("manifest").as_bytes());
        let layer = repository.blob(&text("layer")).await.expect(200);
        assert_eq!(layer.body().len() as u64, pushed["size"].as_u64().expect("a number"));
        assert_eq!(tests::harness::digest(layer.body()), text("layer"));
    })
    .await;
}

#[tokio::test]
async fn parts_must_follow_each_other() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({ "gone": not_found("absent") }),
            r#"
ecr.create_repository(repositoryName="app")
upload = ecr.initiate_layer_upload(repositoryName="app")["uploadId"]
part = b"x" * (5 << 20)

def put(first, last, content, id=upload, name="app"):
    return ecr.upload_layer_part(repositoryName=name, uploadId=id, partFirstByte=first, partLastByte=last,
                                 layerPartBlob=content)

def invalid(last_valid, *arguments):
    answer = refused("InvalidLayerPartException", put, first=arguments[0], last=arguments[1], content=arguments[2])
    shown = {key: answer.get(key) for key in ["registryId", "repositoryName", "uploadId", "lastValidByteReceived"]}
    expect(shown, {"registryId": "000000000000", "repositoryName": "app", "uploadId": upload,
                   "lastValidByteReceived": last_valid})

invalid(-1, 1, len(part), part)
invalid(-1, 0, 5, part)
put(0, len(part) - 1, part)
last = len(part) - 1
invalid(last, 0, len(part) - 1, part)          # again
invalid(last, last, last + 3, b"abcd")         # overlapping
invalid(last, last + 2, last + 3, b"ab")       # behind a gap
invalid(last, last + 1, last + 9, b"ab")       # shorter than it says
invalid(last, last + 3, last + 1, b"ab")       # ends before it begins
put(len(part), len(part) + 1, b"ab")
unknown = "00000000-0000-4000-8000-000000000000"
text = "Upload with id '{}' could not be found for the repository with name 'app' in the registry with id '000000000000'"
for id in [unknown, "nonsense"]:
    expect(message("UploadNotFoundException", put, first=0, last=1, content=b"ab", id=id), text.format(id))
    expect(message("UploadNotFoundException", ecr.complete_layer_upload, repositoryName="app", uploadId=id,
                   layerDigests=[sha256(b"ab")]), text.format(id))
# The repository is looked at too.
ecr.create_repository(repositoryName="other")
message("UploadNotFoundException", put, first=0, last=1, content=b"ab", name="other")
message("UploadNotFoundException", ecr.complete_layer_upload, repositoryName="other", uploadId=upload,
        layerDigests=[sha256(b"ab")])
expect(message("RepositoryNotFoundException", put, first=0, last=1, content=b"ab", name="absent"), data["gone"])
expect(message("RepositoryNotFoundException", ecr.initiate_layer_upload, repositoryName="absent"), data["gone"])
expect(message("RepositoryNotFoundException", ecr.complete_layer_upload, repositoryName="absent", uploadId=upload,
               layerDigests=[sha256(b"ab")]), data["gone"])
message("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=["absent"])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_completion_is_refused_for_what_is_wrong_and_can_be_tried_again() {
    on_default(async |wharf| {
        let known = wharf.client().repository("app").push_blob(b"known").await;
        run(
            &wharf.aws(),
            &json!({ "known": known }),
            r#"
complete = ecr.complete_layer_upload

def begin(*parts):
    upload, first = ecr.initiate_layer_upload(repositoryName="app")["uploadId"], 0
    for part in parts:
        ecr.upload_layer_part(repositoryName="app", uploadId=upload, partFirstByte=first,
                              partLastByte=first + len(part) - 1, layerPartBlob=part)
        first += len(part)
    return dict(repositoryName="app", uploadId=upload)

message("EmptyUploadException", complete, layerDigests=[sha256(b"")], **begin())
upload = begin(b"content")
message("InvalidLayerException", complete, layerDigests=[sha256(b"other")], **upload)
message("InvalidLayerException", complete, layerDigests=[sha256(b"content"), sha256(b"other")], **upload)
message("InvalidParameterException", complete, layerDigests=["nonsense"], **upload)
expect(complete(layerDigests=[sha256(b"content")], **upload)["layerDigest"], sha256(b"content"))
small, whole = b"x" * ((5 << 20) - 1), b"y" * (5 << 20)
# Only the last part may be small.
message("LayerPartTooSmallException", complete, layerDigests=[sha256(small + b"z")], **begin(small, b"z"))
complete(layerDigests=[sha256(whole + b"z")], **begin(whole, b"z"))
long = "sha512:" + hashlib.sha512(b"by another digest").hexdigest()
expect(complete(layerDigests=[long], **begin(b"by another digest"))["layerDigest"], long)
# A layer that is there already is no loss; clients take the refusal for a success.
expect(message("LayerAlreadyExistsException", complete, layerDigests=[data["known"]], **begin(b"known")),
       f"Layer with digest '{data['known']}' already exists in the repository with name 'app' in registry with id "
       "'000000000000'")
layers = ecr.batch_check_layer_availability(repositoryName="app", layerDigests=[data["known"], sha256(whole + b"z")])
expect([layer["layerAvailability"] for layer in layers["layers"]], ["AVAILABLE", "AVAILABLE"])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn both_fronts_go_on_with_one_session() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let mut upload = repository.begin().await;
        upload.append(b"begun by the registry protocol, ").await.expect(202);
        let id = upload.location.rsplit('/').next().expect("an id").to_owned();
        run(
            &wharf.aws(),
            &json!({ "upload": id }),
            r#"
ecr.upload_layer_part(repositoryName="app", uploadId=data["upload"], partFirstByte=32, partLastByte=52,
                      layerPartBlob=b"continued by the API.")
"#,
        );
        let whole = b"begun by the registry protocol, continued by the API.";
        upload.close(&tests::harness::digest(whole)).await.expect(201);
        repository.blob(&tests::harness::digest(whole)).await.expect(200).expect_body(whole);
    })
    .await;
}

#[tokio::test]
async fn an_upload_whose_id_is_none_is_not_found() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ecr.create_repository(repositoryName="app")
for upload in ["\0", "a\0b", "0", "x" * 70000]:
    message("UploadNotFoundException", ecr.upload_layer_part, repositoryName="app", uploadId=upload, partFirstByte=0,
            partLastByte=0, layerPartBlob=b"x")
    message("UploadNotFoundException", ecr.complete_layer_upload, repositoryName="app", uploadId=upload,
            layerDigests=[sha256(b"x")])
"#,
        );
    })
    .await;
}
