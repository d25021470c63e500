//! Clients that meet: on one digest, one tag, one session. Every one of them gets a true answer.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tests::harness::{Answer, Image, Upload, digest, on_all, random};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_clients_push_one_digest() {
    on_all(async |wharf| {
        for size in [0, 10_000, 9 << 20] {
            let bytes = random(size);
            let repository = wharf.repository();
            let pushes = (0..16).map(|number| {
                let (bytes, repository) = (bytes.clone(), repository.clone());
                async move {
                    let mut upload = repository.begin().await;
                    if number % 2 == 0 {
                        return upload.close_with(&digest(&bytes), bytes).await;
                    }
                    upload.append(&bytes).await.expect(202);
                    upload.close(&digest(&bytes)).await
                }
            });
            for answer in join_all(pushes).await {
                answer.expect(201).expect_header("docker-content-digest", &digest(&bytes));
            }
            repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_repositories_are_born_with_one_blob() {
    on_all(async |wharf| {
        let bytes = random(100_000);
        let pushes = (0..16).map(|_| {
            let (repository, bytes) = (wharf.repository(), bytes.clone());
            async move {
                repository.push_blob(&bytes).await;
                repository
            }
        });
        for repository in join_all(pushes).await {
            repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
        }
        // And one repository by sixteen clients at once.
        let repository = wharf.repository();
        let images: Vec<Image> = (0..16).map(|_| Image::small()).collect();
        join_all(images.iter().map(|image| repository.push_image(&image.digest, image))).await;
        for image in &images {
            repository.expect_image(None, image).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contended_tag_is_always_one_of_its_images() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let mut images = Vec::new();
        for number in 0..8 {
            let image = repository.push_small(&format!("own-{number}")).await;
            images.push(image);
        }
        repository.put_manifest("contended", &images[0].media_type, &images[0].manifest).await.expect(201);
        let writers = images.iter().map(|image| {
            let repository = repository.clone();
            async move {
                for _ in 0..10 {
                    repository.put_manifest("contended", &image.media_type, &image.manifest).await.expect(201);
                }
            }
        });
        let readers = (0..4).map(|_| async {
            for _ in 0..30 {
                let answer = repository.manifest("contended").await.expect(200);
                let named = answer.header("docker-content-digest").to_owned();
                assert_eq!(named, digest(answer.body()), "the header and the bytes belong together");
                assert!(images.iter().any(|image| image.digest == named));
            }
        });
        tokio::join!(join_all(writers), join_all(readers));
        let last = repository.manifest("contended").await.expect(200).header("docker-content-digest").to_owned();
        assert!(images.iter().any(|image| image.digest == last));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_of_one_session_are_never_interleaved() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let mut both = 0;
        for round in 0..20 {
            let upload = repository.begin().await;
            let (a, b) = (random(200_000), random(200_000));
            let (mut left, mut right) = (upload.clone(), upload.clone());
            // With ranges only one can be right; without, one may follow the other.
            let (first, second) = match round % 2 {
                0 => tokio::join!(left.append_at(0, &a), right.append_at(0, &b)),
                _ => tokio::join!(left.append_streamed(&a, 10_000), right.append_streamed(&b, 10_000)),
            };
            let won = (first.status() == 202, second.status() == 202);
            for answer in [&first, &second] {
                assert!([202, 409, 416].contains(&answer.status()), "{answer}");
            }
            let candidates: Vec<Vec<u8>> = match won {
                (true, true) => {
                    assert_eq!(round % 2, 1, "both writers were told that offset 0 is theirs");
                    both += 1;
                    vec![[a.clone(), b.clone()].concat(), [b, a].concat()]
                }
                (true, false) => vec![a],
                (false, true) => vec![b],
                (false, false) => panic!("neither writer got on: {first} {second}"),
            };
            let range = upload.status().await.expect(204).header("range").to_owned();
            assert_eq!(range, format!("0-{}", candidates[0].len() - 1));
            let mut accepted = 0;
            for candidate in &candidates {
                // A wrong digest may end the session, so each candidate is tried on what the store would serve.
                let answer = upload.close(&digest(candidate)).await;
                if answer.status() == 201 {
                    accepted += 1;
                    repository.blob(&digest(candidate)).await.expect(200).expect_body(candidate);
                }
            }
            assert!(accepted == 1 || candidates.len() == 2, "the winner's bytes are not what the session holds");
        }
        println!("{:?}: in {both} of 10 rounds one stream followed the other", wharf.backend());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_closing_requests_with_different_bytes_commit_one_truth() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        for _ in 0..20 {
            let upload = repository.begin().await;
            let (a, b) = (random(50_000), random(50_000));
            let (of_a, of_b) = (digest(&a), digest(&b));
            let (first, second) =
                tokio::join!(upload.close_with(&of_a, a.clone()), upload.close_with(&of_b, b.clone()));
            for (answer, bytes) in [(&first, &a), (&second, &b)] {
                assert!([201, 400, 404, 409, 416].contains(&answer.status()), "{answer}");
                let held = repository.blob(&digest(bytes)).await;
                match answer.status() {
                    201 => held.expect(200).expect_body(bytes),
                    _ => held.expect(404),
                };
            }
            assert!(first.status() == 201 || second.status() == 201, "neither got on: {first} {second}");
        }
    })
    .await;
}

async fn finish_against(upload: &Upload, bytes: &[u8], what: Against) -> (Answer, Answer) {
    let digest = digest(bytes);
    match what {
        Against::Cancel => tokio::join!(upload.close(&digest), upload.cancel()),
        Against::Finish => tokio::join!(upload.close(&digest), upload.close(&digest)),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Against {
    Cancel,
    Finish,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finish_and_cancel_do_not_both_happen() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let mut outcomes = BTreeSet::new();
        for _ in 0..25 {
            let bytes = random(20_000);
            let mut upload = repository.begin().await;
            upload.append(&bytes).await.expect(202);
            let (finish, cancel) = finish_against(&upload, &bytes, Against::Cancel).await;
            let pair = (finish.status(), cancel.status());
            outcomes.insert(pair);
            assert!([201, 404, 409, 416].contains(&pair.0), "{finish}");
            assert!([204, 404, 409, 416].contains(&pair.1), "{cancel}");
            assert_ne!(pair, (201, 204), "finished and canceled");
            match pair.0 {
                201 => repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes),
                _ => repository.head_blob(&digest(&bytes)).await.expect(404),
            };
        }
        println!("{:?}: {outcomes:?}", wharf.backend());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finish_that_is_sent_twice_is_true_both_times() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        for _ in 0..20 {
            let bytes = random(20_000);
            let mut upload = repository.begin().await;
            upload.append(&bytes).await.expect(202);
            let (first, second) = finish_against(&upload, &bytes, Against::Finish).await;
            for answer in [&first, &second] {
                assert!([201, 404, 409, 416].contains(&answer.status()), "{answer}");
            }
            assert!(first.status() == 201 || second.status() == 201, "{first} {second}");
            repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_pulls_of_one_tag_are_all_answered() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("popular").await;
        let client = wharf.client();
        let pullers = (0..100).map(|_| {
            let (repository, image) = (repository.through(&client), image.clone());
            async move {
                for _ in 0..10 {
                    repository.manifest("popular").await.expect(200).expect_body(&image.manifest);
                }
                repository.blob(&image.blobs[1].0).await.expect(200).expect_body(&image.blobs[1].1);
            }
        });
        join_all(pullers).await;
    })
    .await;
}
