//! Several servers over one PostgreSQL and one bucket: they share nothing else, and any of them may die.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::json;
use tests::harness::backing::Backing;
use tests::harness::sigv4::Unsigned;
use tests::harness::workload::Workload;
use tests::harness::{Auth, Backend, Upload, Wharf, content, digest, random};

async fn two() -> (Wharf, Wharf) {
    let backing = Arc::new(Backing::create(Backend::PostgresS3));
    (Wharf::sharing(backing.clone()).start().await, Wharf::sharing(backing).start().await)
}

#[tokio::test]
async fn what_one_replica_acknowledged_every_replica_has() {
    let (one, other) = two().await;
    for turn in 0..20 {
        let here = one.client().repository("tests/shared");
        let there = other.client().repository("tests/shared");
        let tag = format!("t{}", turn % 3);
        let image = here.push_small(&tag).await;
        there.head_blob(&image.blobs[1].0).await.expect(200);
        there.expect_image(Some(&tag), &image).await;
        there.delete_manifest(&tag).await.expect(202);
        here.head_manifest(&tag).await.expect(404);
        there.delete_manifest(&image.digest).await.expect(202);
        here.head_manifest(&image.digest).await.expect(404);
        here.manifest(&image.digest).await.expect(404);
        here.delete_blob(&image.blobs[1].0).await.expect(202);
        there.head_blob(&image.blobs[1].0).await.expect(404);
        there.blob(&image.blobs[1].0).await.expect(404);
    }
}

/// What a replica remembers of the bytes of a manifest is not what they are called: that may have changed elsewhere.
#[tokio::test]
async fn every_replica_gives_a_manifest_the_type_that_it_has() {
    let (one, other) = two().await;
    let (here, there) = (one.client().repository("tests/typed"), other.client().repository("tests/typed"));
    let config = content::config();
    here.push_blob(&config).await;
    let mut document = content::manifest(content::descriptor(content::OCI_CONFIG, &config), Vec::new());
    document.as_object_mut().expect("an object").remove("mediaType");
    let bytes = content::to_bytes(&document);
    for media_type in [content::OCI_MANIFEST, content::DOCKER_MANIFEST] {
        here.put_manifest("one", media_type, &bytes).await.expect(201);
        for replica in [&here, &there] {
            replica.manifest("one").await.expect(200).expect_header("content-type", media_type);
            replica.manifest(&digest(&bytes)).await.expect(200).expect_header("content-type", media_type);
        }
        here.delete_manifest(&digest(&bytes)).await.expect(202);
    }
}

/// Both change what requests are judged by, policies and tags: who takes the one first and who the other would wait for
/// each other.
#[tokio::test]
async fn repositories_of_a_template_are_made_and_deleted_at_once() {
    let (one, other) = two().await;
    one.aws().boto3(
        r#"
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
client("ecr").create_repository_creation_template(prefix="ROOT", appliedFor=["CREATE_ON_PUSH"],
    repositoryPolicy=json.dumps(policy), resourceTags=[{"Key": "team", "Value": "web"}])
"#,
    );
    let push = |round: usize| {
        let pushes = (0..12).map(|number| {
            let server = if number % 2 == 0 { &one } else { &other };
            let repository = server.client().repository(&format!("round{round}/app{number}"));
            async move { _ = repository.push_small("v1").await }
        });
        join_all(pushes)
    };
    let aws = one.aws();
    push(0).await;
    let delete = (0..12).map(async |number| {
        let input = json!({ "repositoryName": format!("round0/app{number}"), "force": true }).to_string();
        Unsigned::ecr("DeleteRepository", &input).sign(&aws).send(&one.url()).await.expect(200)
    });
    tokio::join!(push(1), join_all(delete));
}

/// Each counts what it sees, and nobody sees what others are about to add.
#[tokio::test]
async fn a_quota_holds_though_many_add_at_once() {
    let (one, other) = two().await;
    let aws = one.aws();
    let call = async |operation: &str, input: serde_json::Value, server: &Wharf| {
        Unsigned::ecr(operation, &input.to_string()).sign(&server.aws()).send(&server.url()).await.status()
    };
    aws.boto3(
        r#"
ecr = client("ecr")
for number in range(48):
    ecr.create_pull_through_cache_rule(ecrRepositoryPrefix=f"rule{number}", upstreamRegistryUrl="public.ecr.aws")
for number in range(98):
    ecr.register_pull_time_update_exclusion(principalArn=f"arn:aws:iam::000000000000:user/u{number}")
"#,
    );
    for round in 0..4 {
        let at_once = (0..16).map(async |number| {
            let server = if number % 2 == 0 { &one } else { &other };
            let rule =
                json!({ "ecrRepositoryPrefix": format!("more{number}"), "upstreamRegistryUrl": "public.ecr.aws" });
            let principal = json!({ "principalArn": format!("arn:aws:iam::000000000000:role/r{number}") });
            let rule = call("CreatePullThroughCacheRule", rule, server).await;
            (rule, call("RegisterPullTimeUpdateExclusion", principal, server).await)
        });
        let made = join_all(at_once).await;
        assert_eq!(made.iter().filter(|(rule, _)| *rule == 200).count(), 2, "rules of round {round}: {made:?}");
        assert_eq!(made.iter().filter(|(_, one)| *one == 200).count(), 2, "exclusions of round {round}: {made:?}");
        for number in 0..16 {
            call("DeletePullThroughCacheRule", json!({ "ecrRepositoryPrefix": format!("more{number}") }), &one).await;
            let principal = json!({ "principalArn": format!("arn:aws:iam::000000000000:role/r{number}") });
            call("DeregisterPullTimeUpdateExclusion", principal, &one).await;
        }
    }
}

#[tokio::test]
async fn a_token_of_one_replica_opens_the_other() {
    let (one, other) = two().await;
    let answer = one.client().get("/token?offline_token=true").send().await.expect(200);
    let document = answer.json();
    let token = document["token"].as_str().expect("a token").to_owned();
    other.anonymous().as_(Auth::Bearer(token)).get("/v2/").send().await.expect(200);
    let refresh = document["refresh_token"].as_str().expect("a refresh token").to_owned();
    let form = [("grant_type", "refresh_token"), ("service", "x"), ("refresh_token", refresh.as_str())];
    other.anonymous().post("/token").form(&form).send().await.expect(200);
}

#[tokio::test]
async fn a_session_moves_between_replicas() {
    let (one, other) = two().await;
    let (here, there) = (one.client(), other.client());
    let bytes = random(13 << 20);
    let mut upload = here.repository("tests/moving").begin().await;
    let cuts = [0, 100, 6 << 20, (6 << 20) + 5, 12 << 20];
    for (turn, pair) in cuts.windows(2).enumerate() {
        upload = upload.through(if turn % 2 == 0 { &there } else { &here });
        upload.append_at(pair[0], &bytes[pair[0]..pair[1]]).await.expect(202);
    }
    upload.through(&here).status().await.expect(204).expect_header("range", &format!("0-{}", (12 << 20) - 1));
    let closing = upload.through(&there);
    closing.close_with(&digest(&bytes), bytes[12 << 20..].to_vec()).await.expect(201);
    here.repository("tests/moving").blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
}

#[tokio::test]
async fn a_session_goes_on_after_its_replica_was_killed_in_the_middle_of_a_request() {
    let (mut one, other) = two().await;
    let bytes = random(2_000_000);
    let mut upload: Upload = one.client().repository("tests/killed").begin().await;
    upload.append(&bytes[..500_000]).await.expect(202);
    // A slow stream is on its way when the replica dies.
    let rest = bytes[500_000..].to_vec();
    let body = stream::unfold(0, move |offset| {
        let rest = rest.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(30)).await;
            let end = (offset + 10_000).min(rest.len());
            (offset < rest.len()).then(|| (Ok(Bytes::copy_from_slice(&rest[offset..end])), end))
        }
    });
    let slow = tokio::spawn(one.client().patch(&upload.location).stream(body).try_send());
    tokio::time::sleep(Duration::from_millis(700)).await;
    one.kill();
    assert!(slow.await.expect("no panic").is_err(), "the connection broke");

    let mut upload = upload.through(&other.client());
    // The lease of the dead replica must run out by itself.
    let begin = Instant::now();
    loop {
        let range = upload.status().await.expect(204).header("range").to_owned();
        let held: usize = range["0-".len()..].parse::<usize>().expect("a number") + 1;
        assert!(held >= 500_000, "{held} of 500,000 acknowledged bytes are held");
        let answer = upload.append_at(held, &bytes[held..]).await;
        if answer.status() == 202 {
            break;
        }
        answer.expect_one_of(&[409, 416, 503]);
        assert!(begin.elapsed() < Duration::from_secs(60), "the session of a dead replica is held for a minute");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    println!("resumed {:?} after the kill", begin.elapsed());
    upload.close(&digest(&bytes)).await.expect(201);
    other.client().repository("tests/killed").blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_either_replica_dies_at_random() {
    let (mut one, mut other) = two().await;
    let workload = Workload::start(&[one.client(), other.client()], 8, 40_000);
    for turn in 0..8 {
        tokio::time::sleep(Duration::from_millis(700 + turn * 37)).await;
        let victim = if turn % 2 == 0 { &mut one } else { &mut other };
        victim.kill();
        tokio::time::sleep(Duration::from_millis(200)).await;
        victim.restart().await;
    }
    workload.acknowledges(10).await;
    let ledger = workload.finish().await;
    println!("{}", ledger.summary().await);
    ledger.expect_everything(&one.client()).await;
    ledger.expect_everything(&other.client()).await;
    ledger.expect_no_unforeseen_error().await;
}

#[tokio::test]
async fn two_replicas_never_interleave_writes_to_one_session() {
    let (one, other) = two().await;
    for _ in 0..10 {
        let upload = one.client().repository("tests/race").begin().await;
        let (mut left, mut right) = (upload.clone(), upload.through(&other.client()));
        let (a, b) = (random(300_000), random(300_000));
        let (first, second) = tokio::join!(left.append_at(0, &a), right.append_at(0, &b));
        let won = [first.status() == 202, second.status() == 202];
        assert_ne!(won, [true, true], "both writers were told that offset 0 is theirs");
        assert_ne!(won, [false, false], "neither writer got on: {first} {second}");
        let winner = if won[0] { &a } else { &b };
        upload.status().await.expect(204).expect_header("range", "0-299999");
        upload.close(&digest(winner)).await.expect(201);
        let repository = other.client().repository("tests/race");
        repository.blob(&digest(winner)).await.expect(200).expect_body(winner);
    }
}
