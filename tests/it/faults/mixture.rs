//! Everything that changes images and what is kept about them, at once, over two servers and PostgreSQL: nobody waits for
//! somebody who waits for them, and what is kept agrees with itself. How long is set by `WHARF_TEST_MIXTURE_SECONDS`, 15 by
//! default.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tests::harness::answer::Answer;
use tests::harness::aws::Aws;
use tests::harness::backing::Backing;
use tests::harness::content::{
    OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, config, descriptor, index, manifest, to_bytes,
};
use tests::harness::sigv4::Unsigned;
use tests::harness::{Backend, Repository, Wharf, digest, random};

/// Few of each, so that everybody meets.
const REPOSITORIES: [&str; 2] = ["team/app", "team/web"];
const TAGS: [&str; 3] = ["a", "b", "c"];
const WORKERS: usize = 10;

fn length() -> Duration {
    let seconds = std::env::var("WHARF_TEST_MIXTURE_SECONDS").map_or(15, |text| text.parse().expect("a number"));
    Duration::from_secs(seconds)
}

/// What is pushed and deleted.
struct Content {
    config: Vec<u8>,
    layer: Vec<u8>,
    images: Vec<Vec<u8>>,
    indexes: Vec<Vec<u8>>,
}

impl Content {
    fn new() -> Self {
        let (config, layer) = (config(), random(300));
        let image = |number: usize| {
            let mut document = manifest(descriptor(OCI_CONFIG, &config), vec![descriptor(OCI_LAYER, &layer)]);
            document["annotations"] = json!({ "number": number.to_string() });
            to_bytes(&document)
        };
        let images: Vec<_> = (0..6).map(image).collect();
        let indexes = images
            .windows(3)
            .map(|some| to_bytes(&index(some.iter().map(|image| descriptor(OCI_MANIFEST, image)).collect())));
        Self { indexes: indexes.collect(), images: images.clone(), config, layer }
    }
}

/// One who does this and that.
struct Worker {
    servers: [Repository; 2],
    urls: [String; 2],
    aws: Aws,
    content: Arc<Content>,
}

fn one<T>(of: &[T]) -> &T {
    &of[usize::from(random(1)[0]) % of.len()]
}

impl Worker {
    async fn ecr(&self, operation: &str, input: serde_json::Value) -> Answer {
        let url = one(&self.urls);
        Unsigned::ecr(operation, &input.to_string()).sign(&self.aws).send(url).await
    }

    /// Does something, and says what it was.
    async fn act(&self) -> (&'static str, Answer) {
        let name = *one(&REPOSITORIES);
        let repository = one(&self.servers).client().repository(name);
        let (image, index, tag) = (one(&self.content.images), one(&self.content.indexes), *one(&TAGS));
        match random(1)[0] % 20 {
            0..4 => {
                for blob in [&self.content.config, &self.content.layer] {
                    if repository.head_blob(&digest(blob)).await.status() == 404 {
                        let path = repository.path(&format!("blobs/uploads/?digest={}", digest(blob)));
                        let pushed = repository.client().post(&path).body(blob.clone()).send().await;
                        assert!(pushed.status() < 500, "{pushed}");
                    }
                }
                ("push", repository.put_manifest(tag, OCI_MANIFEST, image).await)
            }
            4..7 => ("push of an index", repository.put_manifest(tag, OCI_INDEX, index).await),
            7 => ("deletion", repository.delete_manifest(&digest(image)).await),
            8 => ("deletion of an index", repository.delete_manifest(&digest(index)).await),
            9 => ("deletion of a tag", repository.delete_manifest(tag).await),
            10 => ("deletion of a blob", repository.delete_blob(&digest(&self.content.layer)).await),
            11 => {
                let ids: Vec<_> = [index, image, one(&self.content.images)]
                    .map(|manifest| json!({ "imageDigest": digest(manifest) }))
                    .into_iter()
                    .chain([json!({ "imageTag": tag })])
                    .collect();
                (
                    "BatchDeleteImage",
                    self.ecr("BatchDeleteImage", json!({ "repositoryName": name, "imageIds": ids })).await,
                )
            }
            12 => {
                let document = *one(&[image, index]);
                let text = String::from_utf8_lossy(document);
                let input = json!({ "repositoryName": name, "imageManifest": text, "imageTag": tag });
                ("PutImage", self.ecr("PutImage", input).await)
            }
            13 => {
                let rule = json!({ "rules": [{ "rulePriority": 1, "action": { "type": "expire" },
                    "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 2 } }] });
                let input = json!({ "repositoryName": name, "lifecyclePolicyText": rule.to_string() });
                ("PutLifecyclePolicy", self.ecr("PutLifecyclePolicy", input).await)
            }
            14 => {
                let input = json!({ "destination": { "registryId": "000000000000", "region": "eu-west-1" } });
                ("StartReplicationBackfill", self.ecr("StartReplicationBackfill", input).await)
            }
            15 => {
                let document = json!({ "Version": "2012-10-17", "Statement": [
                    { "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage" }] });
                let input = json!({ "repositoryName": name, "policyText": document.to_string() });
                ("SetRepositoryPolicy", self.ecr("SetRepositoryPolicy", input).await)
            }
            16 => {
                ("DeleteRepositoryPolicy", self.ecr("DeleteRepositoryPolicy", json!({ "repositoryName": name })).await)
            }
            17 => {
                let arn = format!("arn:aws:ecr:us-east-1:000000000000:repository/{name}");
                let input = json!({ "resourceArn": arn, "tags": [{ "Key": "stage", "Value": tag }] });
                ("TagResource", self.ecr("TagResource", input).await)
            }
            18 => {
                let from = *one(&REPOSITORIES);
                ("mount", repository.mount(&digest(&self.content.layer), from).await)
            }
            _ => {
                let input = json!({ "repositoryName": name, "force": true });
                ("DeleteRepository", self.ecr("DeleteRepository", input).await)
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_at_once_nobody_waits_for_ever() {
    let backing = Arc::new(Backing::create(Backend::PostgresS3));
    let start = || {
        let wharf = Wharf::sharing(backing.clone()).set("WHARF_REGIONS", "us-east-1,eu-west-1");
        wharf.set("WHARF_GC_DELAY", "1s").start()
    };
    let servers = [start().await, start().await];
    servers[0].aws().boto3(
        r#"
ecr = client("ecr")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
ecr.create_repository_creation_template(prefix="ROOT", appliedFor=["CREATE_ON_PUSH", "REPLICATION"],
    repositoryPolicy=json.dumps(policy), resourceTags=[{"Key": "team", "Value": "web"}])
ecr.put_replication_configuration(replicationConfiguration={"rules": [{"destinations": [
    {"region": "eu-west-1", "registryId": "000000000000"}]}]})
"#,
    );
    let (content, end) = (Arc::new(Content::new()), Instant::now() + length());
    let workers = (0..WORKERS).map(async |_| {
        let worker = Worker {
            servers: [0, 1].map(|number| servers[number].client().repository("any")),
            urls: [0, 1].map(|number| servers[number].url()),
            aws: servers[0].aws(),
            content: Arc::clone(&content),
        };
        let mut done = 0;
        // A busy machine may do less than proves anything in that time.
        while Instant::now() < end || done <= 100 / WORKERS {
            let (what, answer) = worker.act().await;
            assert!(answer.status() < 500, "{what}: {answer}");
            done += 1;
        }
        done
    });
    let done: usize = join_all(workers).await.into_iter().sum();
    println!("{done} changes");
    assert!(done > 100, "{done} are too few to prove anything");
    let waited = backing.database().query("select deadlocks from pg_stat_database where datname = current_database()");
    assert_eq!(waited, "0", "transactions waited for each other");
    let finished = servers[0].run(&["fsck", "--verify"]);
    assert!(finished.status.success(), "{}{}", finished.stdout, finished.stderr);
}
