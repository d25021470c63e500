//! Mounting from a repository that one may not read: the same answer as for content that nobody has, and nothing is mounted.

use tests::harness::{Answer, Repository, digest, on_default, random};

use super::model::{PULL, PUSH, allow, deny, identity_policy};

/// What an outsider can tell two answers apart by: everything but what differs between any two sessions.
fn visible(answer: &Answer) -> String {
    let mut text = format!("{} {}", answer.status(), String::from_utf8_lossy(answer.body()));
    for (name, value) in answer.headers() {
        if !["x-request-id", "date", "location", "docker-upload-uuid"].contains(&name.as_str()) {
            text.push_str(&format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
    }
    text
}

async fn expect_same_session(target: &Repository, present: &str, absent: &str, from: &str) {
    let present_answer = target.mount(present, from).await.expect(202);
    let absent_answer = target.mount(absent, from).await.expect(202);
    assert_eq!(visible(&present_answer), visible(&absent_answer), "from {from:?}");
    target.head_blob(present).await.expect(404);
}

#[tokio::test]
async fn a_mount_from_where_one_may_not_read_tells_nothing() {
    on_default(async |wharf| {
        let secret = wharf.client().repository("secret/app").push_blob(&random(2000)).await;
        let shared = wharf.client().repository("shared/app").push_blob(&random(2000)).await;
        let absent = digest(&random(10));
        let rules = [
            allow(PUSH, "team/*"),
            allow(PULL, "team/*"),
            allow(PULL, "shared/*"),
            // Being told that a layer is there is not being given it.
            allow(&["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage"], "secret/*"),
            allow(&["ecr:CreateRepository"], "team/*"),
        ];
        let user = wharf.known_user("anna", &identity_policy(&rules)).await;
        let target = wharf.client().as_(user.auth()).repository("team/app");
        target.push_blob(&random(10)).await;
        for from in ["secret/app", "secret/absent", "", "NOT A NAME"] {
            expect_same_session(&target, &secret, &absent, from).await;
        }
        // A name of a readable repository does not make it readable there.
        expect_same_session(&target, &secret, &absent, "shared/app").await;
        // The same into a repository that the request itself creates.
        let created = target.client().repository("team/new");
        expect_same_session(&created, &secret, &absent, "secret/app").await;

        // Where he may read he may mount, by name and without one.
        target.mount(&shared, "shared/app").await.expect(201);
        target.head_blob(&shared).await.expect(200);
        created.mount(&shared, "").await.expect(201);
        created.blob(&shared).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_denied_source_is_not_reached_through_a_blob_that_is_in_both() {
    on_default(async |wharf| {
        let bytes = random(2000);
        let digest = wharf.client().repository("secret/app").push_blob(&bytes).await;
        wharf.client().repository("shared/app").push_blob(&bytes).await;
        let rules = [allow(&["ecr:*"], "*"), deny(PULL, "secret/*")];
        let user = wharf.known_user("anna", &identity_policy(&rules)).await;
        let client = wharf.client().as_(user.auth());
        client.repository("team/one").mount(&digest, "secret/app").await.expect(202);
        client.repository("team/one").head_blob(&digest).await.expect(404);
        client.repository("team/two").mount(&digest, "").await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn a_manifest_over_foreign_blobs_is_the_same_as_one_over_nothing() {
    on_default(async |wharf| {
        let secret = wharf.client().repository("secret/app").push_small("tag").await;
        let rules = [allow(&["ecr:*"], "team/*")];
        let user = wharf.known_user("anna", &identity_policy(&rules)).await;
        let target = wharf.client().as_(user.auth()).repository("team/app");
        target.push_blob(&random(10)).await;
        let refused = target
            .put_manifest("stolen", &secret.media_type, &secret.manifest)
            .await
            .expect_error(400, "MANIFEST_BLOB_UNKNOWN");
        let nothing = tests::harness::Image::small();
        let absent = target
            .put_manifest("stolen", &nothing.media_type, &nothing.manifest)
            .await
            .expect_error(400, "MANIFEST_BLOB_UNKNOWN");
        assert_eq!(refused.codes(), absent.codes());
        target.manifest("stolen").await.expect_error(404, "MANIFEST_UNKNOWN");
        target.manifest(&secret.digest).await.expect_error(404, "MANIFEST_UNKNOWN");
        target.blob(&secret.blobs[1].0).await.expect_error(404, "BLOB_UNKNOWN");
        target.referrers(&secret.digest, "").await.expect(200);
    })
    .await;
}
