//! `lastRecordedPullTime`: recorded in batches some seconds later, for pulls by either front.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::harness::{Wharf, on_default};

use super::run;

/// When each image was pulled last, by its tag.
fn pulled(wharf: &Wharf) -> Value {
    run(
        &wharf.aws(),
        &json!({}),
        r#"
print(json.dumps({found["imageTags"][0]: found["lastRecordedPullTime"].timestamp()
                  for found in ecr.describe_images(repositoryName="app")["imageDetails"] if "lastRecordedPullTime" in found}))
"#,
    )
}

#[tokio::test]
async fn pulls_by_both_fronts_are_recorded_and_looks_are_not() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let mut digests = Vec::new();
        for tag in ["pulled", "by-digest", "by-api", "looked-at"] {
            digests.push(repository.push_small(tag).await.digest);
        }
        assert_eq!(pulled(wharf), json!({}));
        repository.manifest("pulled").await.expect(200);
        repository.manifest(&digests[1]).await.expect(200);
        repository.head_manifest("looked-at").await.expect(200);
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ecr.batch_get_image(repositoryName="app", imageIds=[{"imageTag": "by-api"}, {"imageTag": "nope"}])
ecr.describe_images(repositoryName="app", imageIds=[{"imageTag": "looked-at"}])
"#,
        );
        let begin = Instant::now();
        while pulled(wharf).as_object().is_none_or(|found| found.len() < 3) {
            assert!(begin.elapsed() < Duration::from_secs(30), "the pulls are not recorded: {}", pulled(wharf));
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let found = pulled(wharf);
        for tag in ["pulled", "by-digest", "by-api"] {
            assert!(found[tag].is_number(), "{found}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_pulled_last_is_recorded_when_the_server_is_told_to_stop() {
    for &backend in tests::harness::DEFAULT {
        let mut wharf = Wharf::start(backend).await;
        wharf.client().repository("app").push_small("v1").await;
        wharf.client().repository("app").manifest("v1").await.expect(200);
        wharf.signal("TERM");
        wharf.wait(Duration::from_secs(30)).expect("the server ends");
        wharf.restart().await;
        assert!(pulled(&wharf)["v1"].is_number(), "{}", pulled(&wharf));
    }
}
