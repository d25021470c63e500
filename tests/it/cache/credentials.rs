//! Registries that want a login, and secrets that an operator has stored for them.

use serde_json::json;
use tests::harness::upstream::Login;
use tests::harness::{Backend, DEFAULT, Image, Upstream, Wharf};

use super::{caching, call};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:ecr-pullthroughcache/mine-AbCdEf";

fn store(wharf: &Wharf, secret: &str, host: &str, password: &str) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{password}\n")).expect("a file");
    let path = file.path().to_str().expect("a path");
    wharf.admin_must(&[
        "set-upstream-credential",
        secret,
        "--host",
        host,
        "--username",
        "reader",
        "--password-file",
        path,
    ]);
}

async fn valid(wharf: &Wharf) -> (bool, String) {
    let tried = call(wharf, "ValidatePullThroughCacheRule", json!({ "ecrRepositoryPrefix": "cache" })).await;
    (tried["isValid"] == true, tried["failure"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_stored_secret_opens_the_registry_that_it_is_for() {
    for &backend in DEFAULT {
        let upstream = Upstream::start().await;
        let image = Image::small();
        upstream.put_image("app", "v1", &image);
        let wharf = caching(backend, upstream.host(), &[]).await;
        let ours = wharf.client().repository("cache/app");
        for (login, tag) in [
            (Login::Token("reader".to_owned(), "pass/Word".to_owned()), "v1"),
            (Login::Basic("reader".to_owned(), "pass/Word".to_owned()), "v2"),
        ] {
            upstream.put_image("app", tag, &image);
            upstream.want(login);
            ours.manifest(tag).await.expect_error(502, "DENIED");
            let rule = json!({ "ecrRepositoryPrefix": "cache", "credentialArn": SECRET });
            call(&wharf, "UpdatePullThroughCacheRule", rule).await;
            let (good, failure) = valid(&wharf).await;
            assert!(!good && failure.contains("cannot be read"), "{failure}");
            ours.manifest(tag).await.expect_error(502, "DENIED");
            store(&wharf, SECRET, upstream.host(), "wrong");
            let (good, failure) = valid(&wharf).await;
            assert!(!good && failure.contains("does not take the credentials"), "{failure}");
            ours.manifest(tag).await.expect_error(502, "DENIED");
            store(&wharf, SECRET, upstream.host(), "pass/Word");
            assert_eq!(valid(&wharf).await, (true, String::new()));
            ours.expect_image(Some(tag), &image).await;
            wharf.admin_must(&["delete-upstream-credential", SECRET]);
            assert!(!wharf.admin(&["delete-upstream-credential", SECRET]).status.success());
            assert!(!wharf.output().contains("pass/Word"));
        }
    }
}

/// Whoever may make rules chooses which registry a secret is named for; whoever stored it has the last word.
#[tokio::test]
async fn a_secret_is_shown_to_no_other_host() {
    let (upstream, other) = (Upstream::start().await, Upstream::start().await);
    let image = Image::small();
    for registry in [&upstream, &other] {
        registry.put_image("app", "v1", &image);
        registry.want(Login::Basic("reader".to_owned(), "password".to_owned()));
    }
    let wharf = caching(Backend::SqliteDisk, other.host(), &[]).await;
    store(&wharf, SECRET, upstream.host(), "password");
    call(&wharf, "UpdatePullThroughCacheRule", json!({ "ecrRepositoryPrefix": "cache", "credentialArn": SECRET }))
        .await;
    wharf.client().repository("cache/app").manifest("v1").await.expect_error(502, "DENIED");
    // Nor for a rule of somebody else's account.
    let foreign = SECRET.replace("000000000000", "111122223333");
    store(&wharf, &foreign, other.host(), "password");
    call(&wharf, "UpdatePullThroughCacheRule", json!({ "ecrRepositoryPrefix": "cache", "credentialArn": foreign }))
        .await;
    wharf.client().repository("cache/app").manifest("v1").await.expect_error(502, "DENIED");
    assert!(other.asked().iter().all(|asked| asked.authorization.is_none()));
    for (secret, host) in [("arn:aws:s3:::bucket", "quay.io"), (SECRET, "https://quay.io"), (SECRET, "")] {
        let arguments =
            ["set-upstream-credential", secret, "--host", host, "--username", "u", "--password-file", "/dev/null"];
        assert!(!wharf.admin(&arguments).status.success(), "{secret} {host}");
    }
}
