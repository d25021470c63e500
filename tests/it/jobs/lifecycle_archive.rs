//! Lifecycle rules that archive, and images that somebody runs.

use tests::harness::{Backend, Wharf};

use super::must;

const PRELUDE: &str = r#"
ecr = client("ecr")
archive = {"type": "transition", "targetStorageClass": "archive"}
def policy(*rules):
    return json.dumps({"rules": [
        {"rulePriority": priority, "selection": selection, "action": action, "description": "x" * 60}
        for priority, selection, action in rules]})
def keep(newest, **tags):
    return {**tags, "countType": "imageCountMoreThan", "countNumber": newest}
def days(count, number, **tags):
    return {**tags, "countType": count, "countUnit": "days", "countNumber": number}
def preview(text=None):
    arguments = {"lifecyclePolicyText": text} if text else {}
    ecr.start_lifecycle_policy_preview(repositoryName="app", **arguments)
    ecr.get_waiter("lifecycle_policy_preview_complete").wait(
        repositoryName="app", WaiterConfig={"Delay": 0.2, "MaxAttempts": 100})
    return ecr.get_lifecycle_policy_preview(repositoryName="app")
def status():
    details = ecr.describe_images(repositoryName="app", filter={"imageStatus": "ANY"})["imageDetails"]
    return {d.get("imageTags", [d["imageDigest"]])[0]: d["imageStatus"] for d in details}
"#;

/// Sets images back in time, where the database can be reached.
fn age(wharf: &Wharf, column: &str, days: u32) {
    wharf.backing().database().query(&format!(
        "update manifests set {column} = {column} - {days} * 86400 * 1000000::bigint where {column} is not null"
    ));
}

#[tokio::test]
async fn a_rule_archives_and_another_deletes_from_the_archive() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    let repository = wharf.client().repository("app");
    let old = repository.push_small("old").await;
    let signature = repository.push_referrer(&old, "application/vnd.tests.signature").await;
    let child = repository.push_small("child").await;
    let index = repository.push_index("index", &[&child]).await;
    repository.delete_manifest("child").await.expect(202);
    age(&wharf, "pushed_at", 31);
    let young = repository.push_small("young").await;
    wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"
text = policy((1, days("sinceImagePulled", 30, tagStatus="any"), archive),
              (2, days("sinceImageTransitioned", 90, tagStatus="any", storageClass="archive"), {"type": "expire"}))
ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=text)
told = preview()
found = {result["imageTags"][0]: (result["action"], result["appliedRulePriority"], result["storageClass"])
         for result in told["previewResults"]}
transition = ({"type": "TRANSITION", "targetStorageClass": "ARCHIVE"}, 1, "STANDARD")
# What the index lists goes after it, and the signature with its image.
assert found == {"old": transition, "index": transition}, found
assert told["summary"] == {"expiringImageTotalCount": 0, "transitioningImageTotalCounts": [
    {"targetStorageClass": "ARCHIVE", "imageTotalCount": 2}]}, told["summary"]
"#
    ));
    // Not by itself meanwhile.
    wharf
        .backing()
        .database()
        .query("update jobs set due_at = due_at + 3600 * 1000000::bigint where kind = 'lifecycle'");
    assert_eq!(must(&wharf, &["lifecycle", "app"]), "5 images, 0 expired, 0 with them\n2 archived, 1 with them\n");
    for gone in [&old, &signature, &index] {
        repository.manifest(&gone.digest).await.expect(404);
    }
    repository.expect_image(Some("young"), &young).await;
    // What the index lists goes with the next run.
    let said = must(&wharf, &["lifecycle", "app"]);
    assert_eq!(said, "5 images, 0 expired, 0 with them\n1 archived, 0 with them\n");
    assert_eq!(must(&wharf, &["lifecycle", "app"]), "5 images, 0 expired, 0 with them\n");

    // Restored, an image is young again; what stays in the archive goes from there.
    wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"ecr.update_image_storage_class(repositoryName="app", imageId={"imageTag": "index"}, targetStorageClass="STANDARD")"#
    ));
    repository.expect_image(Some("index"), &index).await;
    repository.expect_image(None, &child).await;
    age(&wharf, "archived_at", 91);
    wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"
told = preview()
assert [result["imageTags"] for result in told["previewResults"]] == [["old"]], told
assert told["previewResults"][0]["storageClass"] == "ARCHIVE"
assert told["previewResults"][0]["action"] == {"type": "EXPIRE"}
"#
    ));
    assert_eq!(must(&wharf, &["lifecycle", "app"]), "5 images, 1 expired, 1 with them\n");
    wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"
found = status()
assert set(found.values()) == {"ACTIVE"} and len(found) == 3, found
"#
    ));
}

#[tokio::test]
async fn rules_about_the_archive_are_checked_as_ecr_does() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.client().repository("app").push_small("v1").await;
    wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"
expire = {"type": "expire"}
for selection, action in [
    (days("sinceImagePulled", 30, tagStatus="any"), expire),
    (days("sinceImageTransitioned", 89, tagStatus="any", storageClass="archive"), expire),
    (days("sinceImageTransitioned", 90, tagStatus="any"), expire),
    (days("sinceImageTransitioned", 90, tagStatus="any", storageClass="archive"), archive),
    (keep(1, tagStatus="any", storageClass="archive"), expire),
    (keep(1, tagStatus="any"), {"type": "transition"}),
    (keep(1, tagStatus="any"), {"type": "transition", "targetStorageClass": "standard"}),
    (keep(1, tagStatus="any"), {"type": "expire", "targetStorageClass": "archive"}),
]:
    text = policy((1, selection, action))
    for call in (ecr.put_lifecycle_policy, ecr.start_lifecycle_policy_preview):
        error = refused("InvalidParameterException", call, repositoryName="app", lifecyclePolicyText=text)
        assert "Lifecycle policy validation failure" in error["Error"]["Message"], error
for selection in (keep(1, tagStatus="any"), days("sinceImagePushed", 1, tagStatus="any"),
                  days("sinceImagePulled", 1, tagStatus="tagged", tagPrefixList=["v"])):
    ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=policy((1, selection, archive)))
"#
    ));
}

/// Rules of both kinds count within their own storage class.
#[tokio::test]
async fn what_is_archived_takes_no_place_among_the_active() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let repository = wharf.client().repository("app");
    for number in 1..=4 {
        repository.push_small(&format!("v{number}")).await;
    }
    wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"
ecr.update_image_storage_class(repositoryName="app", imageId={"imageTag": "v4"}, targetStorageClass="ARCHIVE")
text = policy((1, keep(1, tagStatus="any"), archive))
ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=text)
assert [result["imageTags"][0] for result in preview()["previewResults"]] == ["v1", "v2"]
"#
    ));
    assert_eq!(must(&wharf, &["lifecycle", "app"]), "4 images, 0 expired, 0 with them\n2 archived, 0 with them\n");
    wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"assert status() == {"v1": "ARCHIVED", "v2": "ARCHIVED", "v3": "ACTIVE", "v4": "ARCHIVED"}, status()"#
    ));
}

#[tokio::test]
async fn what_somebody_runs_stays_until_it_ends() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    let careless =
        Wharf::sharing(std::sync::Arc::clone(wharf.backing())).set("WHARF_LIFECYCLE_KEEP_USED", "false").start().await;
    let repository = wharf.client().repository("app");
    let images =
        [repository.push_small("v1").await, repository.push_small("v2").await, repository.push_small("v3").await];
    let database = wharf.backing().database();
    database.query(&format!(
        "insert into image_uses (repository_id, digest, user_kind, user_id, since)
         select repository_id, '{}', 'task', 'arn:aws:ecs:us-east-1:000000000000:task/c/1', 1 from repositories",
        images[0].digest
    ));
    let took = |wharf: &Wharf| {
        wharf.aws().boto3(&format!(
            "{PRELUDE}\n{}",
            r#"
text = policy((1, keep(1, tagStatus="any"), {"type": "expire"}))
ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=text)
print(json.dumps([result["imageTags"][0] for result in preview()["previewResults"]]))
"#
        ))
    };
    assert_eq!(took(&wharf), serde_json::json!(["v2"]));
    let said = must(&wharf, &["lifecycle", "app", "--preview"]);
    assert!(said.contains("3 images, 1 would expire"), "{said}");
    assert_eq!(must(&wharf, &["lifecycle", "app"]), "3 images, 1 expired, 0 with them\n");
    repository.expect_image(Some("v1"), &images[0]).await;
    // One that was told not to care does not; by hand everything can be deleted anyway.
    let said = must(&careless, &["lifecycle", "app", "--preview"]);
    assert!(said.contains("2 images, 1 would expire"), "{said}");
    database.query("delete from image_uses");
    assert_eq!(must(&wharf, &["lifecycle", "app"]), "2 images, 1 expired, 0 with them\n");
    repository.manifest("v1").await.expect(404);
    repository.expect_image(Some("v3"), &images[2]).await;
}

/// A task that begins between the decision of a run and its deletion: here it holds the image while the run decides.
#[tokio::test]
async fn an_image_that_somebody_begins_to_run_meanwhile_stays() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    let repository = wharf.client().repository("app");
    let image = repository.push_small("v1").await;
    repository.push_small("v2").await;
    wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"ecr.put_lifecycle_policy(repositoryName="app",
    lifecyclePolicyText=policy((1, keep(1, tagStatus="any"), {"type": "expire"})))"#
    ));
    let database = wharf.backing().database();
    let mut task = database.session();
    task.run("begin");
    task.run(&format!("select 1 from manifests where digest = '{}' for update", image.digest));
    let said = std::thread::scope(|scope| {
        let run = scope.spawn(|| must(&wharf, &["lifecycle", "app"]));
        database.await_waiting();
        task.run(&format!(
            "insert into image_uses (repository_id, digest, user_kind, user_id, since)
             select repository_id, '{}', 'task', 'arn:aws:ecs:us-east-1:000000000000:task/c/1', 1 from repositories",
            image.digest
        ));
        task.run("commit");
        run.join().expect("a run that succeeds")
    });
    assert_eq!(said, "2 images, 0 expired, 0 with them\n");
    repository.expect_image(Some("v1"), &image).await;
}
