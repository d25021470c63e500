//! StartLifecyclePolicyPreview, GetLifecyclePolicyPreview: what a policy would do, found out in the background and told in pages by
//! every process.

use std::sync::Arc;

use tests::harness::backing::Backing;
use tests::harness::{Backend, Wharf, on_default, resources};

/// What the scripts below share.
const PRELUDE: &str = r#"
ecr = client("ecr")
def policy(*rules):
    return json.dumps({"rules": [
        {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}, "description": "x" * 60}
        for priority, selection in rules]})
def keep(newest, **tags):
    return {**tags, "countType": "imageCountMoreThan", "countNumber": newest}
everything = {"tagStatus": "any"}
def complete(**arguments):
    ecr.get_waiter("lifecycle_policy_preview_complete").wait(WaiterConfig={"Delay": 0.2, "MaxAttempts": 100}, **arguments)
    return ecr.get_lifecycle_policy_preview(**arguments)
"#;

#[tokio::test]
async fn a_preview_tells_what_a_policy_would_do() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        // Pushed in this order; the oldest go first.
        let mut digests = Vec::new();
        for tag in ["release-1", "release-2", "release-3"] {
            digests.push(repository.push_small(tag).await.digest);
        }
        for _ in 0..3 {
            let image = repository.push_small("moving").await;
            digests.push(image.digest);
        }
        let child = repository.push_small("child").await;
        let index = repository.push_index("index", &[&child]).await;
        let signature = repository.push_referrer(&index, "application/vnd.tests.signature").await;
        let script = format!(
            "{PRELUDE}\ndigests = json.loads('{}')\nchild, index, signature = '{}', '{}', '{}'\n{}",
            serde_json::to_string(&digests).expect("texts are JSON"),
            child.digest,
            index.digest,
            signature.digest,
            r#"
refused("LifecyclePolicyPreviewNotFoundException", ecr.get_lifecycle_policy_preview, repositoryName="app")
refused("LifecyclePolicyNotFoundException", ecr.start_lifecycle_policy_preview, repositoryName="app")
refused("RepositoryNotFoundException", ecr.get_lifecycle_policy_preview, repositoryName="absent")
refused("RepositoryNotFoundException", ecr.start_lifecycle_policy_preview, repositoryName="absent")

text = policy((1, keep(1, tagStatus="tagged", tagPatternList=["release-*"])), (2, keep(1, tagStatus="untagged")))
started = ecr.start_lifecycle_policy_preview(repositoryName="app", lifecyclePolicyText=text)
assert started["status"] == "IN_PROGRESS" and started["lifecyclePolicyText"] == text
assert "previewResults" not in started and "summary" not in started
preview = complete(repositoryName="app")
assert preview["status"] == "COMPLETE" and preview["lifecyclePolicyText"] == text and "nextToken" not in preview
found = [(result["imageDigest"], result.get("imageTags"), result["appliedRulePriority"])
         for result in preview["previewResults"]]
# By rule 1 all but the newest release. Rule 2 orders the untagged: the signature is the newest of them, stays with what it
# is about, and takes the one place.
assert found == [
    (digests[0], ["release-1"], 1), (digests[1], ["release-2"], 1),
    (digests[3], None, 2), (digests[4], None, 2)], found
for result in preview["previewResults"]:
    assert result["action"] == {"type": "EXPIRE"} and result["storageClass"] == "STANDARD"
    assert result["imagePushedAt"].year > 2000
assert preview["summary"] == {"expiringImageTotalCount": 4, "transitioningImageTotalCounts": []}, preview["summary"]

# Nothing was deleted, and the policy was not stored.
assert len(ecr.list_images(repositoryName="app")["imageIds"]) == 9
refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="app")

# Filters, pages, single images.
def got(**arguments):
    return [result["imageDigest"] for result in
            ecr.get_lifecycle_policy_preview(repositoryName="app", **arguments)["previewResults"]]
assert got(filter={"tagStatus": "TAGGED"}) == digests[:2]
assert got(filter={"tagStatus": "UNTAGGED"}) == digests[3:5]
assert got(filter={"tagStatus": "ANY"}) == digests[:2] + digests[3:5]
assert got(imageIds=[{"imageTag": "release-2"}, {"imageTag": "release-3"}, {"imageDigest": digests[4]},
                     {"imageTag": "absent"}]) == [digests[1], digests[4]]
pages = list(ecr.get_paginator("get_lifecycle_policy_preview").paginate(repositoryName="app", PaginationConfig={"PageSize": 3}))
assert [len(page["previewResults"]) for page in pages] == [3, 1]
assert [result["imageDigest"] for page in pages for result in page["previewResults"]] == digests[:2] + digests[3:5]
token = pages[0]["nextToken"]
for arguments in [dict(imageIds=[{"imageTag": "moving"}], maxResults=1), dict(nextToken="made up"), dict(nextToken=token[:-2]),
                  dict(filter={"tagStatus": "SOME"}), dict(nextToken=token, filter={"tagStatus": "TAGGED"})]:
    refused("InvalidParameterException", ecr.get_lifecycle_policy_preview, repositoryName="app", **arguments)

# Another preview replaces it; a member of an index stays as long as the index does.
ecr.start_lifecycle_policy_preview(repositoryName="app", lifecyclePolicyText=policy((7, keep(1, **everything))))
found = [result["imageDigest"] for result in complete(repositoryName="app")["previewResults"]]
assert found == digests + [index], found
refused("InvalidParameterException", ecr.get_lifecycle_policy_preview, repositoryName="app", nextToken=token)

# The stored policy, if none is given.
stored = policy((1, keep(100, **everything)))
ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=stored)
assert ecr.start_lifecycle_policy_preview(repositoryName="app")["lifecyclePolicyText"] == stored
preview = complete(repositoryName="app")
assert preview["previewResults"] == [] and preview["summary"]["expiringImageTotalCount"] == 0
# A preview is no run.
assert ecr.get_lifecycle_policy(repositoryName="app")["lastEvaluatedAt"].timestamp() == 0
"#
        );
        wharf.aws().boto3(&script);
    })
    .await;
}

#[tokio::test]
async fn one_preview_of_a_repository_runs_at_a_time() {
    on_default(async |wharf| {
        wharf.client().repository("app").push_small("v1").await;
        wharf.aws().boto3(&format!(
            "{PRELUDE}\n{}",
            r#"
# Whichever of several gets there first; each of the others is refused, or finds it complete already.
import concurrent.futures
text = policy((1, keep(1, **everything)))
def start(_):
    try:
        ecr.start_lifecycle_policy_preview(repositoryName="app", lifecyclePolicyText=text)
        return "started"
    except ecr.exceptions.LifecyclePolicyPreviewInProgressException as error:
        return error.response["message"]
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    outcomes = list(pool.map(start, range(64)))
assert "started" in outcomes
refusals = set(outcomes) - {"started"}
assert len(refusals) <= 1 and all("is in progress" in refusal for refusal in refusals), refusals
assert complete(repositoryName="app")["status"] == "COMPLETE"
"#
        ));
    })
    .await;
}

/// Two processes over one database and one storage.
#[tokio::test]
async fn any_process_answers_and_takes_over() {
    let backing = Arc::new(Backing::create(Backend::PostgresS3));
    let mut first = Wharf::sharing(Arc::clone(&backing)).start().await;
    let second = Wharf::sharing(backing).start().await;
    first.client().repository("app").push_small("v1").await;
    first.client().repository("app").push_small("v2").await;
    let start = format!(
        "{PRELUDE}\n{}",
        r#"
ecr.start_lifecycle_policy_preview(repositoryName="app", lifecyclePolicyText=policy((1, keep(1, **everything))))
"#
    );
    let wait = format!(
        "{PRELUDE}\n{}",
        r#"
preview = complete(repositoryName="app")
assert [result["imageTags"] for result in preview["previewResults"]] == [["v1"]], preview
"#
    );
    first.aws().boto3(&start);
    second.aws().boto3(&wait);
    // As if a process had died while it worked on one: nobody holds the lease any more.
    second.backing().database().query(
        "update lifecycle_previews set status = 'IN_PROGRESS', run_id = 'of-the-dead', lease_until = 0, ended_at = null",
    );
    first.kill();
    second.aws().boto3(&wait);
}

/// The largest repository that ECR's quotas allow. What a preview needs grows with it, within bounds; other requests go on.
#[tokio::test]
async fn a_preview_of_a_hundred_thousand_images_is_fast_and_small() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    wharf.create_repository("app", "MUTABLE", &[]);
    let database = wharf.backing().database();
    // Half of them with a tag, pushed a second apart; every thousandth is an index of the image before it.
    database.query(
        "insert into manifests (repository_id, digest, media_type, size, pushed_at, bytes)
         select repository_id, 'sha256:' || lpad(to_hex(i), 64, '0'),
             case when i % 1000 = 0 then 'application/vnd.oci.image.index.v1+json'
                  else 'application/vnd.oci.image.manifest.v1+json' end,
             2, i * 1000000::bigint, ''
         from repositories, generate_series(1, 100000) i",
    );
    database.query(
        "insert into tags (tag_id, repository_id, name, manifest_digest, created_at)
         select i::text, repository_id, 'build-' || i, 'sha256:' || lpad(to_hex(i), 64, '0'), i
         from repositories, generate_series(2, 100000, 2) i",
    );
    database.query(
        "insert into edges (repository_id, parent_digest, kind, child_digest)
         select repository_id, 'sha256:' || lpad(to_hex(i), 64, '0'), 'child', 'sha256:' || lpad(to_hex(i - 1), 64, '0')
         from repositories, generate_series(1000, 100000, 1000) i",
    );
    database.query("analyze");
    let before = resources::resident(wharf.pid());
    let took = wharf.aws().boto3(&format!(
        "{PRELUDE}\n{}",
        r#"
import time
rules = [(n, keep(n, tagStatus="tagged", tagPatternList=[f"build-*{n}", "*"])) for n in range(1, 49)]
text = policy(*rules, (49, keep(10, tagStatus="untagged")), (50, keep(1, **everything)))
begin = time.time()
ecr.start_lifecycle_policy_preview(repositoryName="app", lifecyclePolicyText=text)
answers = []
while True:
    asked = time.time()
    preview = ecr.get_lifecycle_policy_preview(repositoryName="app", maxResults=100)
    answers.append(time.time() - asked)
    if preview["status"] != "IN_PROGRESS":
        break
    assert time.time() - begin < 60, "the preview takes too long"
    time.sleep(0.05)
took = time.time() - begin
assert preview["status"] == "COMPLETE", preview
# By hand: of the untagged all but the newest ten, less the hundred that an index lists; by the last rule nothing.
total = preview["summary"]["expiringImageTotalCount"]
by_untagged = 50000 - 10 - 100
assert total > by_untagged, total
# One slow answer is a machine that stood still. A server that cannot do both has few others.
assert max(answers) < 2 or len(answers) >= 10 and sorted(answers)[-2] < 2, answers
seen = sum(len(page["previewResults"]) for page in ecr.get_paginator("get_lifecycle_policy_preview").paginate(
    repositoryName="app", filter={"tagStatus": "UNTAGGED"}, PaginationConfig={"PageSize": 100, "MaxItems": 5000}))
assert seen == 5000
print(json.dumps({"seconds": took, "slowest answer meanwhile": max(answers)}))
"#
    ));
    let grown = resources::peak(wharf.pid()).saturating_sub(before);
    println!("{took}, {} MiB", grown >> 20);
    assert!(grown < 160 << 20, "the server grew by {} MiB", grown >> 20);
}

#[tokio::test]
async fn a_deleted_repository_takes_its_policy_and_its_preview_along() {
    on_default(async |wharf| {
        wharf.client().repository("app").push_small("v1").await;
        wharf.aws().boto3(&format!(
            "{PRELUDE}\n{}",
            r#"
text = policy((1, keep(1, **everything)))
ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=text)
ecr.start_lifecycle_policy_preview(repositoryName="app")
complete(repositoryName="app")
ecr.delete_repository(repositoryName="app", force=True)
refused("RepositoryNotFoundException", ecr.get_lifecycle_policy, repositoryName="app")
refused("RepositoryNotFoundException", ecr.get_lifecycle_policy_preview, repositoryName="app")
# Another one of the same name begins with nothing.
ecr.create_repository(repositoryName="app")
refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="app")
refused("LifecyclePolicyPreviewNotFoundException", ecr.get_lifecycle_policy_preview, repositoryName="app")
"#
        ));
        let begin = std::time::Instant::now();
        while super::count(wharf, "lifecycle_policies") + super::count(wharf, "lifecycle_previews") > 0 {
            assert!(begin.elapsed() < std::time::Duration::from_secs(40), "the rows stay");
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    })
    .await;
}
