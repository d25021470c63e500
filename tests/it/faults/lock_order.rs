//! On PostgreSQL, images are held in the order of their digests, and jobs come after images: so that nobody waits for somebody
//! who waits for them. Each test holds rows from beside, as a deletion does, and takes the next when somebody waits for it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tests::harness::admin::within;
use tests::harness::backing::Backing;
use tests::harness::content::{OCI_INDEX, descriptor, index, to_bytes};
use tests::harness::{Backend, Image, Wharf, digest};
use tokio::task::JoinHandle;

use crate::replication::{THERE, complete, replicate, status};

/// A server with two regions, and its database.
async fn started() -> (Wharf, Arc<Backing>) {
    let backing = Arc::new(Backing::create(Backend::PostgresS3));
    let wharf = Wharf::sharing(backing.clone()).set("WHARF_REGIONS", format!("us-east-1,{THERE}")).start().await;
    (wharf, backing)
}

/// Runs a first statement, and a second one after so many seconds, in one transaction.
fn beside(backing: &Arc<Backing>, first: &str, seconds: u64, second: &str) -> JoinHandle<String> {
    let (backing, text) = (Arc::clone(backing), format!("{first}; select pg_sleep({seconds}); {second}"));
    tokio::task::spawn_blocking(move || backing.database().query(&text))
}

fn hold(digest: &str) -> String {
    format!("select 1 from manifests where digest = '{digest}' for update")
}

/// An index that lists an image and whose digest comes before or after that of the image.
fn index_of(image: &Image, before: bool) -> Vec<u8> {
    let found = (0..).find_map(|number| {
        let mut document = index(vec![descriptor(&image.media_type, &image.manifest)]);
        document["annotations"] = json!({ "number": number.to_string() });
        let bytes = to_bytes(&document);
        ((digest(&bytes) < image.digest) == before).then_some(bytes)
    });
    found.expect("there is always another number")
}

#[tokio::test]
async fn an_index_is_pushed_again_while_it_is_deleted_with_what_it_lists() {
    let (wharf, backing) = started().await;
    let repository = wharf.client().repository("team/app");
    let image = repository.push_small("v1").await;
    let bytes = index_of(&image, true);
    repository.put_manifest("index", OCI_INDEX, &bytes).await.expect(201);
    let deletion = beside(&backing, &hold(&digest(&bytes)), 3, &hold(&image.digest));
    tokio::time::sleep(Duration::from_secs(1)).await;
    repository.put_manifest("again", OCI_INDEX, &bytes).await.expect(201);
    deletion.await.expect("it waits for nobody");
}

/// Has what is to be replicated looked at, as a push does at its end.
fn awaken(repository_id: &str) -> String {
    format!(
        "insert into jobs (job_id, kind, subject, due_at, attempts, lease_until, created_at)
         values ('test', 'replicate', '{repository_id} 000000000000 {THERE}', 1, 0, 0, 1)
         on conflict (kind, subject) do update set due_at = excluded.due_at"
    )
}

fn repository_id(backing: &Backing) -> String {
    backing.database().query("select repository_id from repositories where name = 'team/app' and region = 'us-east-1'")
}

#[tokio::test]
async fn an_index_is_replicated_while_it_is_deleted_with_what_it_lists() {
    let (wharf, backing) = started().await;
    let repository = wharf.client().repository("team/app");
    let image = repository.push_small("v1").await;
    let bytes = index_of(&image, false);
    repository.put_manifest("index", OCI_INDEX, &bytes).await.expect(201);
    replicate(&wharf.aws(), THERE, "000000000000", false);
    let (id, index) = (repository_id(&backing), digest(&bytes));
    backing.database().query(&format!(
        "insert into replications (repository_id, digest, account_id, region, status, requested, updated_at)
         values ('{id}', '{index}', '000000000000', '{THERE}', 'IN_PROGRESS', 1, 1)"
    ));
    let deletion = beside(&backing, &hold(&image.digest), 6, &hold(&index));
    tokio::time::sleep(Duration::from_secs(1)).await;
    backing.database().query(&awaken(&id));
    deletion.await.expect("it waits for nobody");
    within(60, "it is replicated", async || status(&wharf.aws(), "team/app", "index") == complete()).await;
}

#[tokio::test]
async fn existing_images_are_replicated_while_some_are_deleted() {
    let (wharf, backing) = started().await;
    let repository = wharf.client().repository("team/app");
    let mut images = [repository.push_small("v1").await.digest, repository.push_small("v2").await.digest];
    images.sort();
    replicate(&wharf.aws(), THERE, "000000000000", false);
    let deletion = beside(&backing, &hold(&images[1]), 6, &awaken(&repository_id(&backing)));
    wharf.aws().boto3(&format!(
        r#"client("ecr").start_replication_backfill(destination={{"region": "{THERE}", "registryId": "000000000000"}})"#
    ));
    deletion.await.expect("it waits for nobody");
    let there = wharf.aws().in_region(THERE);
    within(60, "both are there", async || {
        there.boto3(
            r#"
try:
    print(json.dumps(len(client("ecr").list_images(repositoryName="team/app")["imageIds"])))
except botocore.exceptions.ClientError:
    print("0")
"#,
        ) == json!(2)
    })
    .await;
}

/// Deletes the repository, and waits until its removal waits for what the session holds.
async fn delete_repository(wharf: &Wharf, backing: &Arc<Backing>) {
    wharf.aws().boto3(r#"client("ecr").delete_repository(repositoryName="team/app", force=True)"#);
    let backing = Arc::clone(backing);
    tokio::task::spawn_blocking(move || backing.database().await_waiting()).await.expect("the removal waits");
    // Whoever came first looks after a second whether the others wait for it, and never again: if they do then, they are told.
    tokio::time::sleep(Duration::from_secs(2)).await;
}

async fn await_removal(backing: &Arc<Backing>) {
    within(60, "the repository is removed", async || {
        backing.database().query("select count(*) from repositories where name = 'team/app'") == "0"
            && backing.database().query("select count(*) from manifests") == "0"
    })
    .await;
}

#[tokio::test]
async fn a_repository_is_removed_while_an_image_of_it_is_deleted() {
    let (wharf, backing) = started().await;
    let image = wharf.client().repository("team/app").push_small("v1").await;
    let mut deletion = backing.database().session();
    deletion.run(&format!("begin; {}", hold(&image.digest)));
    backing.database().query("delete from tags");
    delete_repository(&wharf, &backing).await;
    deletion.run(&format!("delete from edges where parent_digest = '{}'; commit", image.digest));
    await_removal(&backing).await;
}

#[tokio::test]
async fn a_repository_is_removed_while_tags_of_it_end() {
    let (wharf, backing) = started().await;
    let repository = wharf.client().repository("team/app");
    // The later name lies before the other one.
    for tag in ["v2", "v1"] {
        repository.push_small(tag).await;
    }
    let hold = |tag| format!("select 1 from tags where name = '{tag}' for update");
    let mut deletion = backing.database().session();
    deletion.run(&format!("begin; {}", hold("v1")));
    delete_repository(&wharf, &backing).await;
    deletion.run(&format!("{}; commit", hold("v2")));
    await_removal(&backing).await;
}
