//! Images that are pushed to registries of other installations.

use serde_json::json;
use tests::harness::admin::within;
use tests::harness::fault_proxy::{Fault, FaultProxy};
use tests::harness::peer::Peer;
use tests::harness::{Backend, DEFAULT, Image, Wharf, random};

use super::{THERE, complete, failed, reaching, replicate_to_anybody, replicate_to_wharf, status, store};
use crate::jobs::must;

#[tokio::test]
async fn what_is_pushed_reaches_another_wharf() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let there = Wharf::start(backend).await;
        let here = reaching(backend, &[&there.address().to_string()]).await;
        let repository = here.client().repository("team/app");
        repository.push_small("before").await;
        replicate_to_wharf(&here, &there.address().to_string());
        here.client().repository("other").push_small("v1").await;
        let (left, right) = (repository.push_small("left").await, repository.push_small("right").await);
        let index = repository.push_index("v1", &[&left, &right]).await;
        repository.put_manifest("latest", &index.media_type, &index.manifest).await.expect(201);
        let signature = repository.push_referrer(&index, "application/vnd.example.signature").await;
        within(120, "all of it is replicated", async || status(&here.aws(), "team/app", "v1") == complete()).await;
        let copy = there.client().repository("team/app");
        within(120, "what refers to it too", async || copy.head_manifest(&signature.digest).await.status() == 200)
            .await;
        for (tag, image) in [("v1", &index), ("latest", &index), ("left", &left), ("right", &right)] {
            within(120, "all tags", async || copy.head_manifest(tag).await.status() == 200).await;
            assert_eq!(copy.manifest(tag).await.expect(200).body(), &image.manifest);
        }
        copy.expect_image(Some("left"), &left).await;
        copy.expect_image(Some("right"), &right).await;
        let referrers = copy.referrers(&index.digest, "").await.expect(200).json();
        assert_eq!(referrers["manifests"][0]["digest"], signature.digest.as_str());
        copy.head_manifest("before").await.expect(404);
        there.client().repository("other").head_manifest("v1").await.expect(404);
        // A copy is not a push there.
        assert!(status(&there.aws(), "team/app", "v1").is_empty());

        let moved = repository.push_small("v1").await;
        within(120, "a tag moves there too", async || copy.manifest("v1").await.body() == &moved.manifest).await;
        repository.delete_manifest(&moved.digest).await.expect(202);
        within(120, "deletions are replicated", async || copy.head_manifest(&moved.digest).await.status() == 404).await;
        copy.expect_image(Some("left"), &left).await;
        assert!(!here.output().contains("Root+Secret"));
    }
}

#[tokio::test]
async fn a_plain_registry_gets_each_layer_once() {
    for &backend in DEFAULT {
        let peer = Peer::start();
        let proxy = FaultProxy::start(&peer.url()).await;
        let host = proxy.endpoint().trim_start_matches("http://").to_owned();
        let here = reaching(backend, &[&host]).await;
        replicate_to_anybody(&here, &host);
        let layer = random(3 << 20);
        let image = Image::of(vec![layer.clone(), random(1000)]);
        let (one, two) = (here.client().repository("team/one"), here.client().repository("team/two"));
        one.push_image("v1", &image).await;
        one.put_manifest("v2", &image.media_type, &image.manifest).await.expect(201);
        within(120, "the image is there", async || status(&here.aws(), "team/one", "v2") == complete()).await;
        for tag in ["v1", "v2"] {
            within(60, "its tags are there", async || peer.has("mirror/team/one", tag).await).await;
        }
        peer.expect_image("mirror/team/one", "v1", &image).await;
        // The same layer in another repository is mounted there.
        let puts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = std::sync::Arc::clone(&puts);
        proxy.plan(move |seen| {
            if seen.method == http::Method::PUT && seen.uri.path().contains("/blobs/") {
                counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
            Fault::None
        });
        let other = Image::of(vec![layer, random(1001)]);
        two.push_image("v1", &other).await;
        within(120, "the other image is there", async || status(&here.aws(), "team/two", "v1") == complete()).await;
        peer.expect_image("mirror/team/two", "v1", &other).await;
        // Its config and its small layer.
        assert_eq!(puts.load(std::sync::atomic::Ordering::SeqCst), 2);
        two.delete_manifest(&other.digest).await.expect(202);
        within(120, "it is deleted there", async || !peer.has("mirror/team/two", &other.digest).await).await;
    }
}

#[tokio::test]
async fn who_may_not_replicate_is_refused_and_an_immutable_tag_stays() {
    let there = Wharf::start(Backend::SqliteDisk).await;
    let host = there.address().to_string();
    let here = reaching(Backend::SqliteDisk, &[&host]).await;
    replicate_to_wharf(&here, &host);
    // It may push, and not replicate.
    let pusher = there
        .known_user(
            "pusher",
            &json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": "ecr:*", "Resource": "*" },
                { "Effect": "Deny", "Action": "ecr:ReplicateImage", "Resource": "*" }] }),
        )
        .await;
    store(&here, &pusher.access_key_id, &pusher.secret);
    let repository = here.client().repository("team/app");
    repository.push_small("v1").await;
    within(120, "it is refused", async || status(&here.aws(), "team/app", "v1") == failed("AccessDenied")).await;
    replicate_to_wharf(&here, &host);
    there.create_repository("team/fixed", "IMMUTABLE", &[]);
    there.client().repository("team/fixed").push_small("v1").await;
    let fixed = here.client().repository("team/fixed");
    fixed.push_small("v1").await;
    within(120, "the tag stays", async || status(&here.aws(), "team/fixed", "v1") == failed("TagImmutable")).await;
    // Without credentials, and to nobody.
    must(&here, &["replication-target", "set", "000000000000", THERE, &format!("http://{host}")]);
    repository.push_small("v2").await;
    within(120, "nobody is let in", async || status(&here.aws(), "team/app", "v2") == failed("AccessDenied")).await;
    assert!(must(&here, &["replication-target", "list"]).contains(&host));
    must(&here, &["replication-target", "remove", "000000000000", THERE]);
    repository.push_small("v3").await;
    within(120, "nobody is known", async || status(&here.aws(), "team/app", "v3") == failed("RegistryNotFound")).await;
}

#[tokio::test]
async fn addresses_of_a_network_of_ones_own_are_refused_unless_allowed() {
    let peer = Peer::start();
    let here = Wharf::start(Backend::SqliteDisk).await;
    let set = |url: &str, further: &[&str]| {
        let mut arguments = vec!["replication-target", "set", "000000000000", THERE, url];
        arguments.extend(further);
        here.run(&arguments)
    };
    for url in [&*peer.url(), "ftp://host", "https://", "https://user@host", "https://host/path", "host"] {
        assert!(!set(url, &[]).status.success(), "{url}");
    }
    let elsewhere = "arn:aws:secretsmanager:us-east-1:111122223333:secret:ecr-pullthroughcache/there-AbCdEf";
    for further in
        [["--credential-arn", "arn:aws:s3:::bucket"], ["--credential-arn", elsewhere], ["--repository-prefix", "A"]]
    {
        assert!(!set("https://registry.example.com", &further).status.success(), "{further:?}");
    }
    let own = here.run(&["replication-target", "set", "000000000000", "us-east-1", "https://registry.example.com"]);
    assert!(own.stderr.contains("this registry itself"), "{own:?}");
    let finished = set(&format!("https://{}", peer.host()), &[]);
    assert!(finished.status.success(), "{finished:?}");
    super::replicate(&here.aws(), THERE, "000000000000", false);
    here.client().repository("team/app").push_small("v1").await;
    within(120, "it is not asked", async || status(&here.aws(), "team/app", "v1") == failed("AddressNotAllowed")).await;
}
