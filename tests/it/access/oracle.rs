//! Refusals say who may not do what and where, in AWS's words, and not whether there is anything.

use tests::harness::{Answer, Repository, digest, on_default};

use super::model::{EVERYTHING, Verdict, allow, deny, identity_policy, refusal, user_arn};

/// What can be told apart, but for the name of the repository, which the caller has given himself.
fn visible(answer: &Answer, repository: &Repository) -> String {
    let mut text = format!("{} {}", answer.status(), String::from_utf8_lossy(answer.body()));
    for (name, value) in answer.headers() {
        if !["x-request-id", "date", "content-length"].contains(&name.as_str()) {
            text.push_str(&format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
    }
    text.replace(repository.name(), "NAME")
}

#[tokio::test]
async fn present_and_absent_repositories_are_refused_alike() {
    on_default(async |wharf| {
        let image = wharf.client().repository("secret/app").push_small("tag").await;
        let [present, absent] = ["secret/app", "secret/absent"].map(|name| wharf.client().repository(name));
        let rules = [allow(EVERYTHING, "team/*"), deny(&["ecr:PutImage"], "secret/*")];
        let user = wharf.known_user("anna", &identity_policy(&rules)).await;
        let [present, absent] = [present, absent].map(|repository| repository.as_(user.auth()));
        let missing = digest(b"missing");
        for (blob, manifest) in [(image.blobs[1].0.as_str(), image.digest.as_str()), (&missing, &missing)] {
            let ask = async |repository: &Repository| {
                vec![
                    repository.manifest("tag").await,
                    repository.manifest(manifest).await,
                    repository.head_manifest("tag").await,
                    repository.put_manifest("tag", &image.media_type, &image.manifest).await,
                    repository.delete_manifest("tag").await,
                    repository.delete_manifest(manifest).await,
                    repository.blob(blob).await,
                    repository.head_blob(blob).await,
                    repository.delete_blob(blob).await,
                    repository.client().post(&repository.path("blobs/uploads/")).send().await,
                    repository.mount(blob, "team/app").await,
                    repository.tags("").await,
                    repository.tags("?n=1&last=a").await,
                    repository.referrers(manifest, "").await,
                ]
            };
            for (here, there) in ask(&present).await.into_iter().zip(ask(&absent).await) {
                let (here, there) = (here.expect(403), there.expect(403));
                assert_eq!(visible(&here, &present), visible(&there, &absent));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_refusal_names_caller_action_and_resource() {
    on_default(async |wharf| {
        let rules = [allow(EVERYTHING, "team/*"), deny(&["ecr:PutImage"], "team/*")];
        let user = wharf.known_user("anna", &identity_policy(&rules)).await;
        let client = wharf.client().as_(user.auth());
        let message = |answer: &Answer| answer.json()["errors"][0]["message"].as_str().expect("a message").to_owned();

        let refused = client.repository("secret/app").manifest("tag").await.expect_error(403, "DENIED");
        let wanted = refusal(Verdict::NotAllowed, &user_arn("anna"), "ecr:BatchGetImage", "secret/app");
        assert_eq!(message(&refused), wanted);
        assert_eq!(
            wanted,
            "User: arn:aws:iam::000000000000:user/anna is not authorized to perform: ecr:BatchGetImage on resource: \
             arn:aws:ecr:us-east-1:000000000000:repository/secret/app because no identity-based policy allows the \
             ecr:BatchGetImage action"
        );
        refused.expect_no_header("www-authenticate");

        let image = tests::harness::Image::small();
        let refused = client.repository("team/app").put_manifest("tag", &image.media_type, &image.manifest).await;
        let wanted = refusal(Verdict::DeniedByIdentity, &user_arn("anna"), "ecr:PutImage", "team/app");
        assert_eq!(message(&refused.expect_error(403, "DENIED")), wanted);

        // What comes before authorization is the same for everybody: a name that can be no name.
        client.get("/v2/Not_A_Name/manifests/tag").send().await.expect_error(400, "NAME_INVALID");
    })
    .await;
}

#[tokio::test]
async fn conditions_of_a_request_are_looked_at_after_its_authorization() {
    on_default(async |wharf| {
        let image = wharf.client().repository("secret/app").push_small("tag").await;
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        let quoted = format!("\"{}\"", image.digest);
        for (auth, status) in [(user.auth(), 403), (tests::harness::Auth::None, 401)] {
            let repository = wharf.client().as_(auth).repository("secret/app");
            for path in [repository.manifest_path("tag"), repository.blob_path(&image.blobs[1].0)] {
                for (header, value) in [
                    ("if-none-match", quoted.as_str()),
                    ("if-none-match", "*"),
                    ("range", "bytes=0-0"),
                    ("range", "bytes=9999999-"),
                ] {
                    let answer = repository.client().get(&path).header(header, value).send().await.expect(status);
                    for leak in ["etag", "content-range", "docker-content-digest"] {
                        assert!(answer.header_opt(leak).is_none(), "{answer} tells {leak}");
                    }
                }
            }
        }
    })
    .await;
}
