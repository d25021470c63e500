//! Runs of lifecycle policies: by hand and by themselves, as the preview says.

use tests::harness::{Backend, Wharf, on_default};

use super::{collect, must, stored};

const PRELUDE: &str = r#"
ecr = client("ecr")
def policy(*rules):
    return json.dumps({"rules": [
        {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}, "description": "x" * 60}
        for priority, selection in rules]})
"#;

#[tokio::test]
async fn a_run_deletes_what_the_preview_told() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let mut releases = Vec::new();
        for number in 1..=4 {
            releases.push(repository.push_small(&format!("release-{number}")).await);
        }
        let signature = repository.push_referrer(&releases[0], "application/vnd.tests.signature").await;
        let child = repository.push_small("child").await;
        let index = repository.push_index("index", &[&child]).await;
        repository.delete_manifest("child").await.expect(202);
        wharf.aws().boto3(&format!(
            "{PRELUDE}\n{}",
            r#"
text = policy((1, {"tagStatus": "tagged", "tagPatternList": ["release-*"], "countType": "imageCountMoreThan", "countNumber": 2}),
              (2, {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}))
ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=text)
ecr.start_lifecycle_policy_preview(repositoryName="app")
ecr.get_waiter("lifecycle_policy_preview_complete").wait(repositoryName="app", WaiterConfig={"Delay": 0.2, "MaxAttempts": 100})
assert ecr.get_lifecycle_policy_preview(repositoryName="app")["summary"]["expiringImageTotalCount"] == 2
assert ecr.get_lifecycle_policy(repositoryName="app")["lastEvaluatedAt"].timestamp() == 0
"#
        ));
        let said = must(wharf, &["lifecycle", "app"]);
        assert_eq!(said, "7 images, 2 expired, 1 with them\n");
        for gone in [&releases[0], &releases[1], &signature] {
            repository.manifest(&gone.digest).await.expect(404);
        }
        for (tag, stays) in [("release-3", &releases[2]), ("release-4", &releases[3]), ("index", &index)] {
            repository.expect_image(Some(tag), stays).await;
        }
        // What an index lists stays with it, and a second run finds nothing to do.
        repository.expect_image(None, &child).await;
        assert_eq!(must(wharf, &["lifecycle", "app"]), "4 images, 0 expired, 0 with them\n");
        wharf.aws().boto3(&format!(
            "{PRELUDE}\nassert ecr.get_lifecycle_policy(repositoryName='app')['lastEvaluatedAt'].year > 2000"
        ));
        // It can be undone.
        collect(wharf);
        must(wharf, &["restore", "app", "release-1"]);
        repository.expect_image(Some("release-1"), &releases[0]).await;
        let absent = wharf.run(&["lifecycle", "absent"]);
        assert!(absent.stderr.contains("does not exist"), "{absent:?}");
    })
    .await;
}

#[tokio::test]
async fn a_policy_is_applied_by_itself_and_its_space_comes_back() {
    let wharf = Wharf::with(Backend::PostgresS3).set("WHARF_UNDO_WINDOW", "0s").start().await;
    let database = wharf.backing().database();
    let repository = wharf.client().repository("app");
    let mut images = Vec::new();
    for number in 0..5 {
        images.push(repository.push_small(&format!("v{number}")).await);
    }
    wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=policy(
    (1, {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1})))"#
    ));
    // It would be due in a minute, and the bytes a day later.
    database.query("update jobs set due_at = 0 where kind = 'lifecycle'");
    tests::harness::admin::within(180, "the space comes back", async || {
        database.query("update blob_reviews set since = 0");
        database.query("update removals set not_before = 0");
        stored(&wharf).1 == images[4].blobs.len()
    })
    .await;
    repository.expect_image(Some("v4"), &images[4]).await;
    assert_eq!(repository.tags("").await.expect(200).strings("tags"), ["v4"]);
    // The job of a policy that is gone goes too.
    wharf.aws().json(&["ecr", "delete-lifecycle-policy", "--repository-name", "app"]);
    database.query("update jobs set due_at = 0 where kind = 'lifecycle'");
    tests::harness::admin::within(180, "the job is gone", async || {
        database.query("select count(*) from jobs where kind = 'lifecycle'").trim() == "0"
    })
    .await;
}

/// Whoever finds that a policy is wrong removes it, and what it has not taken by then stays.
#[tokio::test]
async fn a_policy_that_is_removed_while_it_is_applied_takes_nothing_more() {
    let wharf = Wharf::with(Backend::PostgresDisk).start().await;
    let database = wharf.backing().database();
    let repository = wharf.client().repository("app");
    for number in 0..3 {
        repository.push_small(&format!("v{number}")).await;
    }
    let put = format!(
        "{PRELUDE}\n{}",
        r#"ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=policy(
    (1, {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": COUNT})))"#
    );
    let remove = "client('ecr').delete_lifecycle_policy(repositoryName='app')";
    let replace = format!("{remove}\n{}", put.replace("COUNT", "1000"));
    for change in [remove, &replace] {
        wharf.aws().boto3(&put.replace("COUNT", "1"));
        let mut holder = database.session();
        holder.run("begin");
        holder.run("select 1 from manifests for update");
        std::thread::scope(|scope| {
            // The run decides, and waits for whoever holds the images.
            let run = scope.spawn(|| must(&wharf, &["lifecycle", "app"]));
            database.await_waiting();
            wharf.aws().boto3(change);
            assert!(!run.is_finished(), "the run still waits");
            holder.run("rollback");
            assert_eq!(run.join().expect("a run that succeeds"), "3 images, 0 expired, 0 with them\n");
        });
    }
    assert_eq!(repository.tags("").await.expect(200).strings("tags"), ["v0", "v1", "v2"]);
}
