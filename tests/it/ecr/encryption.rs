//! `encryptionConfiguration` and what the bucket is asked for: with `WHARF_S3_ENCRYPTION=repository` every object of a push says
//! how it is to be encrypted, as an S3 server that remembers it tells.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::{Value, json};
use tests::harness::backing::Backing;
use tests::harness::fault_proxy::{Fault, FaultProxy};
use tests::harness::s3::Prefix;
use tests::harness::server::Builder;
use tests::harness::{Backend, Image, Repository, Upload, Wharf, digest, random};

use super::run;
use crate::cache::rule;
use crate::jobs::{must, stored};

const MIB: usize = 1024 * 1024;
const ID: &str = "0a1b2c3d-0000-4000-8000-0123456789ab";
const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0000-4000-8000-0123456789ab";

/// What the second S3 server says about an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Object {
    key: String,
    size: usize,
    algorithm: Option<String>,
    kms_key: Option<String>,
}

impl Object {
    fn encryption(&self) -> (Option<&str>, Option<&str>) {
        (self.algorithm.as_deref(), self.kms_key.as_deref())
    }
}

/// A server with its blobs on the second S3 server.
fn on_second(mut builder: Builder, bucket: &Prefix) -> Builder {
    for (name, value) in bucket.settings() {
        builder = builder.set(&name, value);
    }
    builder
}

fn encrypting(builder: Builder, bucket: &Prefix) -> Builder {
    on_second(builder, bucket).set("WHARF_S3_ENCRYPTION", "repository")
}

/// What a script prints that asks the second S3 server: `s3` is a client, `bucket` and `prefix` are where the server's blobs are.
fn ask(wharf: &Wharf, bucket: &Prefix, script: &str) -> Value {
    const HEAD: &str = r#"
from botocore.config import Config
s3 = boto3.client("s3", endpoint_url=data["WHARF_S3_ENDPOINT"], aws_access_key_id=data["WHARF_S3_ACCESS_KEY_ID"],
    aws_secret_access_key=data["WHARF_S3_SECRET_ACCESS_KEY"], region_name="us-east-1",
    config=Config(s3={"addressing_style": "path"}))
bucket, prefix = data["WHARF_STORAGE_URL"].removeprefix("s3://").split("/", 1)
"#;
    let server: serde_json::Map<_, _> =
        bucket.settings().into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    run(&wharf.aws(), &Value::from(server), &format!("{HEAD}{script}"))
}

/// Every object below the prefix.
fn objects(wharf: &Wharf, bucket: &Prefix) -> BTreeSet<Object> {
    let found = ask(
        wharf,
        bucket,
        r#"
found = []
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix + "/"):
    for listed in page.get("Contents", []):
        # A probe that a busy machine made too slow leaves its object behind for a while; nothing else is as small.
        if listed["Size"] == len(b"wharf probe"):
            continue
        try:
            head = s3.head_object(Bucket=bucket, Key=listed["Key"])
        except s3.exceptions.ClientError as error:
            # It went meanwhile, as that of a probe does.
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404, error
            continue
        found.append({"key": listed["Key"], "size": head["ContentLength"], "algorithm": head.get("ServerSideEncryption"),
                      "kms_key": head.get("SSEKMSKeyId")})
print(json.dumps(found))
"#,
    );
    serde_json::from_value(found).expect("a list of objects")
}

/// Removes objects that no row needs, and no blob that only no image needs.
fn sweep(wharf: &Wharf) {
    must(wharf, &["gc"]);
}

/// Makes a repository; what is said about its encryption may be nothing.
fn create(wharf: &Wharf, name: &str, encryption: &Value) -> Value {
    run(
        &wharf.aws(),
        &json!({ "name": name, "encryption": encryption }),
        r#"
more = {"encryptionConfiguration": data["encryption"]} if data["encryption"] else {}
print(json.dumps(ecr.create_repository(repositoryName=data["name"], **more)["repository"]["encryptionConfiguration"]))
"#,
    )
}

/// Pushes in every way that there is, and gives what was pushed. One session is left open: its bytes are staged.
async fn push_in_every_way(repository: &Repository) -> Vec<Vec<u8>> {
    let mut pushed = Vec::new();
    for size in [0, 1000, 14 * MIB] {
        let bytes = random(size);
        repository.push_blob(&bytes).await;
        pushed.push(bytes);
    }
    // As docker does it: everything in one PATCH, and an empty PUT.
    for size in [3000, 15 * MIB] {
        let bytes = random(size);
        let mut upload = repository.begin().await;
        upload.append_streamed(&bytes, 100_000).await.expect(202);
        upload.close(&digest(&bytes)).await.expect(201);
        pushed.push(bytes);
    }
    let bytes = random(16 * MIB);
    let mut upload = repository.begin().await;
    chunks(&mut upload, &bytes, &[0, 500, 9 * MIB, 16 * MIB]).await;
    upload.close(&digest(&bytes)).await.expect(201);
    pushed.push(bytes);
    let mut open = repository.begin().await;
    chunks(&mut open, &random(9 * MIB), &[0, 700, 9 * MIB]).await;
    pushed
}

async fn chunks(upload: &mut Upload, bytes: &[u8], cuts: &[usize]) {
    for cut in cuts.windows(2) {
        upload.append_at(cut[0], &bytes[cut[0]..cut[1]]).await.expect(202);
    }
}

/// A layer in two parts by ECR's own API.
fn upload_layer(wharf: &Wharf, repository: &str) {
    run(
        &wharf.aws(),
        &json!({ "repository": repository }),
        r#"
import os
name = data["repository"]
layer = os.urandom((6 << 20) + 700)
upload = ecr.initiate_layer_upload(repositoryName=name)["uploadId"]
for first in (0, 6 << 20):
    part = layer[first:first + (6 << 20)]
    ecr.upload_layer_part(repositoryName=name, uploadId=upload, partFirstByte=first, partLastByte=first + len(part) - 1,
                          layerPartBlob=part)
ecr.complete_layer_upload(repositoryName=name, uploadId=upload, layerDigests=[sha256(layer)])
"#,
    );
}

#[tokio::test]
async fn each_object_is_encrypted_as_its_repository_says() {
    let bucket = Prefix::on_second();
    let wharf = encrypting(Wharf::with(Backend::SqliteDisk), &bucket).start().await;
    let kms = |kind: &str, key: &str| json!({ "encryptionType": kind, "kmsKey": key });
    // The key that ECR shows where none was named is known to no store. A key is named to it as its user named it.
    let mut known = BTreeSet::new();
    for (name, encryption, shown, asked) in [
        ("said-nothing", Value::Null, None, (Some("AES256"), None)),
        ("aes", json!({ "encryptionType": "AES256" }), None, (Some("AES256"), None)),
        ("kms", json!({ "encryptionType": "KMS" }), None, (Some("aws:kms"), None)),
        ("alias", kms("KMS", "alias/mine"), Some("alias/mine"), (Some("aws:kms"), Some("alias/mine"))),
        ("arn", kms("KMS", ARN), Some(ARN), (Some("aws:kms"), Some(ARN))),
        (
            "id",
            kms("KMS", ID),
            Some("arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-4000-8000-0123456789ab"),
            (Some("aws:kms"), Some(ID)),
        ),
        ("dsse", json!({ "encryptionType": "KMS_DSSE" }), None, (Some("aws:kms:dsse"), None)),
        // moto does not remember the key of this one; `the_headers_of_a_push` sees it.
        ("dsse-arn", kms("KMS_DSSE", ARN), Some(ARN), (Some("aws:kms:dsse"), None)),
    ] {
        let configuration = create(&wharf, name, &encryption);
        if shown.is_some() {
            assert_eq!(configuration["kmsKey"].as_str(), shown, "{name}: {configuration}");
        }
        let repository = wharf.client().repository(name);
        let pushed = push_in_every_way(&repository).await;
        upload_layer(&wharf, name);
        let now = objects(&wharf, &bucket);
        let new: Vec<&Object> = now.difference(&known).collect();
        // All but the empty one, which is there, and the layer and the open session. What that has outgrown may be gone.
        assert!(new.len() > pushed.len(), "{name}: {new:?}");
        for object in new {
            assert_eq!(object.encryption(), asked, "{name}: {object:?}");
        }
        for bytes in pushed {
            repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
        }
        known = now;
    }
    // The empty blob is there once, and that of the first repository.
    assert_eq!(known.iter().filter(|object| object.size == 14 * MIB).count(), 8);
    sweep(&wharf);
    let empty: Vec<Object> = objects(&wharf, &bucket).into_iter().filter(|object| object.size == 0).collect();
    assert_eq!(empty.len(), 1, "{empty:?}");
    assert_eq!(empty[0].encryption(), (Some("AES256"), None));
}

#[tokio::test]
async fn without_the_setting_nothing_is_asked_for() {
    let bucket = Prefix::on_second();
    let wharf = on_second(Wharf::with(Backend::SqliteDisk), &bucket).start().await;
    let shown = create(&wharf, "app", &json!({ "encryptionType": "KMS", "kmsKey": "alias/mine" }));
    assert_eq!(shown["kmsKey"], "alias/mine");
    push_in_every_way(&wharf.client().repository("app")).await;
    upload_layer(&wharf, "app");
    let all = objects(&wharf, &bucket);
    assert!(all.len() >= 8, "{all:?}");
    for object in all {
        assert_eq!(object.encryption(), (None, None), "{object:?}");
    }
}

#[tokio::test]
async fn a_push_that_creates_its_repository_is_encrypted_by_the_template() {
    let bucket = Prefix::on_second();
    let wharf = encrypting(Wharf::with(Backend::SqliteDisk), &bucket).start().await;
    run(
        &wharf.aws(),
        &Value::Null,
        r#"
ecr.create_repository_creation_template(prefix="team", appliedFor=["CREATE_ON_PUSH"],
    encryptionConfiguration={"encryptionType": "KMS", "kmsKey": "alias/team"})
"#,
    );
    wharf.client().repository("team/app").push_small("v1").await;
    let theirs = objects(&wharf, &bucket);
    assert!(theirs.len() >= 2, "{theirs:?}");
    for object in &theirs {
        assert_eq!(object.encryption(), (Some("aws:kms"), Some("alias/team")), "{object:?}");
    }
    wharf.client().repository("other/app").push_small("v1").await;
    let all = objects(&wharf, &bucket);
    let others: Vec<&Object> = all.difference(&theirs).collect();
    assert!(!others.is_empty(), "{all:?}");
    for object in others {
        assert_eq!(object.encryption(), (Some("AES256"), None), "{object:?}");
    }
}

#[tokio::test]
async fn what_comes_through_the_cache_is_encrypted_as_the_repository_here_says() {
    let upstream = tests::harness::Upstream::start().await;
    let image = Image::of(vec![random(9 * MIB), random(1000)]);
    upstream.put_image("app", "v1", &image);
    let bucket = Prefix::on_second();
    let builder = encrypting(Wharf::with(Backend::SqliteDisk), &bucket);
    let wharf = builder.set("WHARF_CACHE_UPSTREAMS", format!("http://{}", upstream.host())).start().await;
    rule(&wharf, json!({ "ecrRepositoryPrefix": "cache", "upstreamRegistryUrl": upstream.host() })).await;
    run(
        &wharf.aws(),
        &Value::Null,
        r#"
ecr.create_repository_creation_template(prefix="cache", appliedFor=["PULL_THROUGH_CACHE"],
    encryptionConfiguration={"encryptionType": "KMS_DSSE"})
"#,
    );
    wharf.client().repository("cache/app").expect_image(Some("v1"), &image).await;
    let all = objects(&wharf, &bucket);
    assert_eq!(all.len(), image.blobs.len(), "{all:?}");
    for object in all {
        assert_eq!(object.encryption(), (Some("aws:kms:dsse"), None), "{object:?}");
    }
}

#[tokio::test]
async fn another_replica_goes_on_with_the_encryption_of_an_upload() {
    let bucket = Prefix::on_second();
    let backing = Arc::new(Backing::create(Backend::PostgresDisk));
    let one = encrypting(Wharf::sharing(backing.clone()), &bucket).start().await;
    let other = encrypting(Wharf::sharing(backing), &bucket).start().await;
    create(&one, "app", &json!({ "encryptionType": "KMS", "kmsKey": "alias/mine" }));
    let repository = one.client().repository("app");
    for cuts in [vec![0, 100, 9000], vec![0, 100, 8 * MIB, 20 * MIB, 21 * MIB]] {
        let bytes = random(*cuts.last().expect("cuts"));
        let mut upload = repository.begin().await;
        for (turn, cut) in cuts.windows(2).enumerate() {
            upload = upload.through(&if turn % 2 == 0 { other.client() } else { one.client() });
            upload.append_at(cut[0], &bytes[cut[0]..cut[1]]).await.expect(202);
        }
        upload.through(&other.client()).close(&digest(&bytes)).await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    }
    for object in objects(&one, &bucket) {
        assert_eq!(object.encryption(), (Some("aws:kms"), Some("alias/mine")), "{object:?}");
    }
    sweep(&one);
    assert_eq!(stored(&one), (2, 2));
}

#[tokio::test]
async fn the_repository_that_has_a_blob_first_decides_for_all() {
    let bucket = Prefix::on_second();
    let wharf = encrypting(Wharf::with(Backend::SqliteDisk), &bucket).start().await;
    create(&wharf, "first", &Value::Null);
    create(&wharf, "second", &json!({ "encryptionType": "KMS" }));
    let (first, second) = (wharf.client().repository("first"), wharf.client().repository("second"));
    let (pushed, mounted) = (random(14 * MIB), random(1000));
    for bytes in [&pushed, &mounted] {
        first.push_blob(bytes).await;
    }
    let before = objects(&wharf, &bucket);
    second.mount(&digest(&mounted), "first").await.expect(201);
    assert_eq!(objects(&wharf, &bucket), before);
    second.push_blob(&pushed).await;
    sweep(&wharf);
    assert_eq!(objects(&wharf, &bucket), before, "the object of the second push goes");
    for bytes in [&pushed, &mounted] {
        second.blob(&digest(bytes)).await.expect(200).expect_body(bytes);
    }
}

#[tokio::test]
async fn the_headers_of_a_push() {
    let bucket = Prefix::on_second();
    let proxy = FaultProxy::start(bucket.endpoint()).await;
    let builder = encrypting(Wharf::with(Backend::SqliteDisk), &bucket).set("WHARF_S3_ENDPOINT", proxy.endpoint());
    let wharf = builder.start().await;
    create(&wharf, "dsse", &json!({ "encryptionType": "KMS_DSSE", "kmsKey": ARN }));
    create(&wharf, "aes", &Value::Null);
    for (name, algorithm, key) in [("dsse", "aws:kms:dsse", Some(ARN)), ("aes", "AES256", None)] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        proxy.plan(move |request| {
            let header =
                |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap_or_default().to_owned());
            let headers = ["x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"].map(header);
            let query = request.uri.query().unwrap_or_default().to_owned();
            told.lock().expect("no panic").push((request.method.clone(), query, headers));
            Fault::None
        });
        let repository = wharf.client().repository(name);
        for size in [1000, 14 * MIB] {
            let bytes = random(size);
            repository.push_blob(&bytes).await;
            repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
        }
        let seen = seen.lock().expect("no panic");
        let mut asked = 0;
        for (method, query, headers) in seen.iter() {
            let makes = (method == "PUT" && query.is_empty()) || (method == "POST" && query == "uploads=");
            let expected = if makes { [Some(algorithm), key] } else { [None, None] };
            assert_eq!(headers.each_ref().map(|value| value.as_deref()), expected, "{method} ?{query}");
            asked += usize::from(makes);
        }
        assert_eq!(asked, 2, "{seen:?}");
    }
}

// Python waits for the proxy, which needs a thread of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_the_store_refuses_fails_the_push_in_clear_words_and_leaves_nothing() {
    let bucket = Prefix::on_second();
    let proxy = FaultProxy::start(bucket.endpoint()).await;
    let builder = encrypting(Wharf::with(Backend::SqliteDisk), &bucket).set("WHARF_S3_ENDPOINT", proxy.endpoint());
    let wharf = builder.start().await;
    create(&wharf, "app", &json!({ "encryptionType": "KMS", "kmsKey": "alias/nobody-has-it" }));
    let repository = wharf.client().repository("app");
    let kept = random(5000);
    repository.push_blob(&kept).await;
    for (status, reason) in [(400, "KMS.NotFoundException"), (400, "KMS.DisabledException"), (403, "AccessDenied")] {
        // What makes an object, and what adds to it.
        for refuses in ["", "uploads=", "partNumber="] {
            proxy.plan(move |seen| {
                let query = seen.uri.query().unwrap_or_default();
                let writes = ["PUT", "POST"].contains(&seen.method.as_str());
                let met = if refuses.is_empty() { query.is_empty() } else { query.contains(refuses) };
                if writes && met { Fault::Refused(status, reason) } else { Fault::None }
            });
            let bytes = random(if refuses.is_empty() { 1000 } else { 14 * MIB });
            let upload = repository.begin().await;
            let answer = upload.close_with(&digest(&bytes), bytes.clone()).await.expect_error(403, "DENIED");
            let said = answer.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
            assert!(said.contains(reason) && said.contains("encryption"), "{said}");
            assert!(!said.contains("injected by a test") && !said.contains(bucket.endpoint()), "{said}");
            repository.head_blob(&digest(&bytes)).await.expect(404);
            // In one request, and in chunks.
            let uploads = repository.path(&format!("blobs/uploads/?digest={}", digest(&bytes)));
            let call = repository.client().post(&uploads).header("content-type", "application/octet-stream");
            call.body(bytes.clone()).send().await.expect_error(403, "DENIED");
            let mut chunked = repository.begin().await;
            chunked.append_at(0, &bytes).await.expect_error(403, "DENIED");
            // The session is as it was, and goes on once the key is there.
            assert_eq!(chunked.status().await.expect(204).header("range"), "0-0");
            proxy.heal();
            chunked.append_at(0, &bytes).await.expect(202);
            chunked.close(&digest(&bytes)).await.expect(201);
            repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
            upload.cancel().await.expect(204);
        }
    }
    // What cannot be decrypted is no gap in the store.
    proxy.plan(|seen| if seen.method == "GET" { Fault::Refused(400, "KMS.DisabledException") } else { Fault::None });
    repository.blob(&digest(&kept)).await.expect_error(403, "DENIED");
    proxy.heal();
    repository.blob(&digest(&kept)).await.expect(200).expect_body(&kept);
    // ECR's own API has an exception for it.
    proxy.plan(|seen| if seen.method == "PUT" { Fault::Refused(400, "KMS.NotFoundException") } else { Fault::None });
    run(
        &wharf.aws(),
        &Value::Null,
        r#"
upload = ecr.initiate_layer_upload(repositoryName="app")["uploadId"]
error = refused("KmsException", ecr.upload_layer_part, repositoryName="app", uploadId=upload, partFirstByte=0,
    partLastByte=999, layerPartBlob=bytes(1000))
assert error["kmsError"] == "KMS.NotFoundException" and "KMS.NotFoundException" in error["message"], error
"#,
    );
    // A key store in trouble is no refusal: the same may work in a moment.
    proxy.plan(|seen| if seen.method == "PUT" { Fault::Refused(400, "KMS.ThrottlingException") } else { Fault::None });
    let bytes = random(1000);
    repository.begin().await.close_with(&digest(&bytes), bytes.clone()).await.expect_error(503, "UNAVAILABLE");
    proxy.heal();
    sweep(&wharf);
    assert_eq!(stored(&wharf), (10, 10));
    assert_eq!(objects(&wharf, &bucket).len(), 10);
    assert_eq!(open_uploads(&wharf, &bucket), 0);
}

/// Multipart uploads that nobody completed.
fn open_uploads(wharf: &Wharf, bucket: &Prefix) -> usize {
    let found = ask(
        wharf,
        bucket,
        r#"
found = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
print(len([upload for upload in found if upload["Key"].startswith(prefix + "/")]))
"#,
    );
    usize::try_from(found.as_u64().expect("a number")).expect("a small one")
}

#[tokio::test]
async fn a_key_that_fits_into_no_header_is_refused_when_the_repository_is_made() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    run(
        &wharf.aws(),
        &Value::Null,
        r#"
for key in ["two\nlines", "schlüssel", "a b"]:
    said = message("InvalidParameterException", ecr.create_repository, repositoryName="app",
                   encryptionConfiguration={"encryptionType": "KMS", "kmsKey": key})
    assert "kmsKey" in said, said
"#,
    );
}
