//! Repositories that everybody may pull from: by policy, only those, only by reading, and only as long as the policy is there.

use http::Method;
use serde_json::{Value, json};
use tests::harness::admin::within_5_s;
use tests::harness::client::encode;
use tests::harness::{Auth, Client, DEFAULT, Image, Repository, Wharf, digest, on, on_default, random};

use super::model::{PULL, allow, deny, identity_policy, repository_policy};

/// A repository that everybody may pull from, and what is in it.
async fn public(wharf: &Wharf, name: &str) -> (Repository, Image) {
    let repository = wharf.client().repository(name);
    let image = repository.push_small("tag").await;
    wharf.set_repository_policy(name, &repository_policy(&[allow(PULL, "")]));
    let open = repository.as_(Auth::None);
    within_5_s("the policy", async || open.manifest("tag").await.status() == 200).await;
    (repository, image)
}

/// A token for nobody, got the way that docker gets it: from the challenge to a request.
async fn anonymous_token(repository: &Repository) -> Auth {
    let client = repository.client().as_(Auth::None);
    let challenge = client.get("/v2/").send().await.expect(401);
    let challenge = challenge.header("www-authenticate");
    let realm = challenge.split('"').nth(1).expect("the realm comes first").to_owned();
    let scope = encode(&format!("repository:{}:pull", repository.name()));
    let answer = client.get(&format!("{realm}?service=wharf&scope={scope}")).send().await.expect(200);
    assert!(answer.json().get("refresh_token").is_none(), "nobody gets no refresh token: {answer}");
    Auth::Bearer(answer.json()["token"].as_str().expect("a token").to_owned())
}

#[tokio::test]
async fn everybody_pulls_with_an_anonymous_token_and_without_any() {
    on_default(async |wharf| {
        let (repository, image) = public(wharf, "public/app").await;
        for auth in [Auth::None, anonymous_token(&repository).await] {
            let open = repository.as_(auth);
            open.expect_image(Some("tag"), &image).await;
            open.head_manifest("tag").await.expect(200);
            open.referrers(&image.digest, "").await.expect(200);
        }
        // With a token that names nobody the ping tells docker to go on.
        let client = repository.client().as_(anonymous_token(&repository).await);
        client.get("/v2/").send().await.expect(200);
        // What is not there is not there, for everybody.
        repository.as_(Auth::None).manifest("absent").await.expect_error(404, "MANIFEST_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn a_user_without_rights_may_pull_what_is_public() {
    on_default(async |wharf| {
        let (repository, image) = public(wharf, "public/app").await;
        let user = wharf.known_user("nothing", &identity_policy(&[])).await;
        repository.as_(user.auth()).expect_image(Some("tag"), &image).await;
        repository.as_(user.auth()).client().post(&repository.path("blobs/uploads/")).send().await.expect(403);
        // A denial of his own weighs more than what everybody may.
        wharf.set_user_policy("nothing", &identity_policy(&[deny(PULL, "public/*")]));
        let fenced = repository.as_(user.auth());
        within_5_s("the denial", async || fenced.manifest("tag").await.status() == 403).await;
        repository.as_(Auth::None).manifest("tag").await.expect(200);
    })
    .await;
}

/// Everything but pulling.
fn beyond_pulling(repository: &Repository, image: &Image, session: &str) -> Vec<(Method, String)> {
    let blob = &image.blobs[1].0;
    vec![
        (Method::PUT, repository.manifest_path("tag")),
        (Method::PUT, repository.manifest_path(&image.digest)),
        (Method::DELETE, repository.manifest_path("tag")),
        (Method::DELETE, repository.manifest_path(&image.digest)),
        (Method::HEAD, repository.blob_path(blob)),
        (Method::DELETE, repository.blob_path(blob)),
        (Method::POST, repository.path("blobs/uploads/")),
        (Method::POST, repository.path(&format!("blobs/uploads/?digest={blob}"))),
        (Method::POST, repository.path(&format!("blobs/uploads/?mount={blob}&from=public%2Fapp"))),
        (Method::GET, session.to_owned()),
        (Method::PATCH, session.to_owned()),
        (Method::PUT, format!("{session}?digest={blob}")),
        (Method::DELETE, session.to_owned()),
        (Method::GET, repository.path("tags/list")),
        (Method::GET, "/v2/_catalog".to_owned()),
    ]
}

#[tokio::test]
async fn nobody_may_do_more_than_the_policy_says_nor_in_another_repository() {
    on_default(async |wharf| {
        let (repository, image) = public(wharf, "public/app").await;
        let session = repository.begin().await.location;
        let neighbors = ["public/app2", "public/ap", "public/app/below", "public", "private/app"];
        for name in neighbors {
            wharf.client().repository(name).push_image("tag", &image).await;
        }
        for auth in [Auth::None, anonymous_token(&repository).await] {
            let client = wharf.client().as_(auth);
            for (method, path) in beyond_pulling(&repository, &image, &session) {
                let answer = client.call(method.clone(), &path).body(image.manifest.clone()).send().await.expect(401);
                assert!(method == Method::HEAD || answer.code() == "UNAUTHORIZED", "{answer}");
            }
            for name in neighbors.into_iter().chain(["public/absent"]) {
                let other = client.repository(name);
                other.manifest("tag").await.expect_error(401, "UNAUTHORIZED");
                other.manifest(&image.digest).await.expect_error(401, "UNAUTHORIZED");
                other.blob(&image.blobs[1].0).await.expect_error(401, "UNAUTHORIZED");
            }
        }
        repository.expect_image(Some("tag"), &image).await;
        wharf.client().get(&session).send().await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn tags_are_listed_only_if_the_policy_lets_everybody_list_them() {
    on_default(async |wharf| {
        let (repository, _) = public(wharf, "public/app").await;
        let open = repository.as_(Auth::None);
        open.tags("").await.expect_error(401, "UNAUTHORIZED");
        wharf.set_repository_policy(
            "public/app",
            &repository_policy(&[allow(PULL, ""), allow(&["ecr:ListImages"], "")]),
        );
        within_5_s("the wider policy", async || open.tags("").await.status() == 200).await;
        assert_eq!(open.tags("").await.expect(200).strings("tags"), ["tag"]);
    })
    .await;
}

#[tokio::test]
async fn removing_the_policy_ends_it_within_seconds() {
    on(DEFAULT, async |wharf| {
        let (repository, image) = public(wharf, "public/app").await;
        let clients: [Client; 2] = [wharf.anonymous(), wharf.client().as_(anonymous_token(&repository).await)];
        for client in &clients {
            repository.through(client).manifest("tag").await.expect(200);
        }
        wharf.admin_must(&["delete-repository-policy", "public/app"]);
        let took = within_5_s("the removal of the policy", async || {
            repository.through(&clients[0]).manifest("tag").await.status() == 401
        })
        .await;
        println!("ended after {took:?}");
        for client in &clients {
            repository.through(client).manifest(&image.digest).await.expect_error(401, "UNAUTHORIZED");
            repository.through(client).blob(&image.blobs[1].0).await.expect_error(401, "UNAUTHORIZED");
        }
    })
    .await;
}

#[tokio::test]
async fn a_policy_may_let_everybody_in_under_a_condition() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("public/near");
        repository.push_small("tag").await;
        let policy = |address: &str| -> Value {
            json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": PULL,
                "Condition": {"IpAddress": {"aws:SourceIp": address}},
            }]})
        };
        wharf.set_repository_policy("public/near", &policy("127.0.0.7/32"));
        let near = wharf.anonymous_from([127, 0, 0, 7]);
        within_5_s("the policy", async || repository.through(&near).manifest("tag").await.status() == 200).await;
        repository.through(&wharf.anonymous()).manifest("tag").await.expect_error(401, "UNAUTHORIZED");
        // What a client says of its address is not believed.
        let path = repository.manifest_path("tag");
        for header in ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "x-amz-source-ip"] {
            let value = if header == "forwarded" { "for=127.0.0.7" } else { "127.0.0.7" };
            wharf.anonymous().get(&path).header(header, value).send().await.expect_error(401, "UNAUTHORIZED");
        }
    })
    .await;
}

#[tokio::test]
async fn everybody_may_push_where_a_policy_says_so_and_create_nothing() {
    on_default(async |wharf| {
        let name = "public/drop";
        wharf.create_repository(name, "MUTABLE", &[]);
        let rules = [allow(&["ecr:*"], "")];
        wharf.set_repository_policy(name, &repository_policy(&rules));
        let open = wharf.anonymous().repository(name);
        within_5_s("the policy", async || open.tags("").await.status() == 200).await;
        let image = open.push_small("tag").await;
        open.expect_image(Some("tag"), &image).await;
        let bytes = random(20);
        let target = format!("/v2/public/drop2/blobs/uploads/?digest={}", digest(&bytes));
        wharf.anonymous().post(&target).body(bytes).send().await.expect_error(401, "UNAUTHORIZED");
    })
    .await;
}

#[tokio::test]
async fn documents_that_are_no_repository_policies_are_refused_and_change_nothing() {
    on_default(async |wharf| {
        let (repository, _) = public(wharf, "public/app").await;
        let refused = [
            json!({}),
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*"}]}),
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Maybe", "Principal": "*", "Action": "ecr:*"}]}),
            json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "ecr:*", "Condition": {"Nonsense": {"a": "b"}}},
            ]}),
        ];
        for document in refused {
            let file = tempfile::NamedTempFile::new().expect("a temporary file");
            std::fs::write(file.path(), document.to_string()).expect("it can be written");
            let path = file.path().to_str().expect("text");
            let finished = wharf.admin(&["set-repository-policy", "public/app", "--policy", path]);
            assert!(!finished.status.success(), "{document} was accepted");
            assert!(!finished.stderr.trim().is_empty(), "{document} is refused without a word");
        }
        repository.as_(Auth::None).manifest("tag").await.expect(200);
    })
    .await;
}
