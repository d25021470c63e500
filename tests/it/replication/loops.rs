//! Two installations that replicate to each other come to rest.

use std::time::Duration;

use tests::harness::admin::within;
use tests::harness::{Backend, Repository, Wharf};

use super::{complete, reaching, replicate_to_wharf, status};

async fn both(backend: Backend) -> (Wharf, Wharf) {
    // Each must know the other's address before it starts.
    let port = tests::harness::port::free();
    let address = format!("127.0.0.1:{port}");
    let one = reaching(backend, &[&address]).await;
    let upstreams = format!("http://{}", one.address());
    let two = Wharf::with(backend).set("WHARF_CACHE_UPSTREAMS", upstreams).start_at(port).await;
    replicate_to_wharf(&one, &address);
    replicate_to_wharf(&two, &one.address().to_string());
    (one, two)
}

/// How many times a manifest was pushed to a server, by its audit log.
fn pushes(wharf: &Wharf) -> usize {
    let printed = wharf.run(&["audit"]).stdout;
    printed.lines().filter(|line| line.contains("\"PutImage\"")).count()
}

#[tokio::test]
async fn an_image_goes_to_the_other_side_and_not_back() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let (one, two) = both(backend).await;
        let image = one.client().repository("team/app").push_small("v1").await;
        within(120, "it arrives", async || status(&one.aws(), "team/app", "v1") == complete()).await;
        two.client().repository("team/app").expect_image(Some("v1"), &image).await;
        let other = two.client().repository("team/app").push_small("v2").await;
        within(120, "the other way too", async || status(&two.aws(), "team/app", "v2") == complete()).await;
        one.client().repository("team/app").expect_image(Some("v2"), &other).await;
        // The audit log is written a moment later.
        within(60, "both are in both", async || (pushes(&one), pushes(&two)) == (2, 2)).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!((pushes(&one), pushes(&two)), (2, 2));
        assert!(status(&two.aws(), "team/app", "v1").is_empty() && status(&one.aws(), "team/app", "v2").is_empty());
        // A deletion does not come back to take what was pushed anew.
        let repository = one.client().repository("team/app");
        repository.delete_manifest(&image.digest).await.expect(202);
        within(120, "it is deleted there", async || {
            two.client().repository("team/app").head_manifest(&image.digest).await.status() == 404
        })
        .await;
        repository.push_image("v1", &image).await;
        within(120, "it is there again", async || status(&one.aws(), "team/app", "v1") == complete()).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        two.client().repository("team/app").expect_image(Some("v1"), &image).await;
        repository.expect_image(Some("v1"), &image).await;
    }
}

async fn tagged(repository: &Repository) -> String {
    repository.head_manifest("v1").await.header("docker-content-digest").to_owned()
}

#[tokio::test]
async fn a_tag_that_moves_on_both_sides_comes_to_rest() {
    let (one, two) = both(Backend::SqliteDisk).await;
    let (left, right) = (one.client().repository("team/app"), two.client().repository("team/app"));
    tokio::join!(left.push_small("v1"), right.push_small("v1"));
    within(120, "both have sent theirs", async || {
        let settled =
            |wharf: &Wharf| !status(&wharf.aws(), "team/app", "v1").iter().any(|(status, _)| status != "COMPLETE");
        settled(&one) && settled(&two)
    })
    .await;
    // What they are still at, and what of it the audit log does not have yet, may come in the first of these times.
    within(60, "nothing moves any more", async || {
        let seen = (tagged(&left).await, tagged(&right).await);
        let counted = (pushes(&one), pushes(&two));
        tokio::time::sleep(Duration::from_secs(6)).await;
        (tagged(&left).await, tagged(&right).await) == seen && (pushes(&one), pushes(&two)) == counted
    })
    .await;
}
