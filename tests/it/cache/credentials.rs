//! Registries that want a login, and secrets of Secrets Manager that open them.

use serde_json::{Value, json};
use tests::harness::sigv4::Unsigned;
use tests::harness::upstream::{Login, Mood};
use tests::harness::{Backend, DEFAULT, Image, Upstream, Wharf};

use super::{caching, call};

/// Makes a secret as a cache rule wants it, and gives its ARN.
pub(super) fn create(wharf: &Wharf, name: &str, password: &str) -> String {
    let text = json!({ "username": "reader", "accessToken": password }).to_string();
    let script = format!(
        "made = client('secretsmanager').create_secret(Name='{name}', SecretString='{text}')\nprint(json.dumps(made['ARN']))"
    );
    wharf.aws().boto3(&script).as_str().expect("an ARN").to_owned()
}

fn put(wharf: &Wharf, secret: &str, text: &str) {
    wharf
        .aws()
        .boto3(&format!("client('secretsmanager').put_secret_value(SecretId='{secret}', SecretString='{text}')"));
}

async fn use_secret(wharf: &Wharf, secret: &str) -> Value {
    let rule = json!({ "ecrRepositoryPrefix": "cache", "credentialArn": secret });
    call(wharf, "UpdatePullThroughCacheRule", rule).await
}

async fn valid(wharf: &Wharf) -> (bool, String) {
    let tried = call(wharf, "ValidatePullThroughCacheRule", json!({ "ecrRepositoryPrefix": "cache" })).await;
    (tried["isValid"] == true, tried["failure"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_secret_opens_the_registry_of_its_rule() {
    for &backend in DEFAULT {
        let upstream = Upstream::start().await;
        let image = Image::small();
        let wharf = caching(backend, upstream.host(), &[]).await;
        let ours = wharf.client().repository("cache/app");
        upstream.put_image("app", "v1", &image);
        upstream.want(Login::Token("reader".to_owned(), "pass/Word".to_owned()));
        ours.manifest("v1").await.expect_error(502, "DENIED");
        let secret = create(&wharf, "ecr-pullthroughcache/mine", "wrong");
        use_secret(&wharf, &secret).await;
        let (good, failure) = valid(&wharf).await;
        assert!(!good && failure.contains("does not take the credentials"), "{failure}");
        ours.manifest("v1").await.expect_error(502, "DENIED");
        for text in ["no JSON", r#"{"username": "reader", "password": "pass/Word"}"#] {
            put(&wharf, &secret, text);
            let (good, failure) = valid(&wharf).await;
            assert!(!good && failure.contains("cannot be read"), "{failure}");
        }
        // What counts now is what is used, with no word to the rule.
        put(&wharf, &secret, r#"{"username": "reader", "accessToken": "pass/Word"}"#);
        assert_eq!(valid(&wharf).await, (true, String::new()));
        ours.expect_image(Some("v1"), &image).await;
        upstream.put_image("app", "v2", &image);
        upstream.want(Login::Basic("reader".to_owned(), "pass/Word".to_owned()));
        ours.expect_image(Some("v2"), &image).await;
        wharf.aws().boto3(&format!("client('secretsmanager').delete_secret(SecretId='{secret}')"));
        let (good, failure) = valid(&wharf).await;
        assert!(!good && failure.contains("cannot be read"), "{failure}");
        assert!(!wharf.output().contains("pass/Word"));
    }
}

/// A rule shows its secret to the host that it names, so whoever makes rules must be allowed to read the secret.
#[tokio::test]
async fn who_may_not_read_a_secret_names_it_for_no_host() {
    let upstream = Upstream::start().await;
    upstream.put_image("app", "v1", &Image::small());
    upstream.want(Login::Basic("reader".to_owned(), "password".to_owned()));
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let (mine, other) = (
        create(&wharf, "ecr-pullthroughcache/mine", "password"),
        create(&wharf, "ecr-pullthroughcache/other", "password"),
    );
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "ecr:*", "Resource": "*" },
        { "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": mine },
    ] });
    let user = wharf.known_user("rules", &policy).await;
    wharf.aws().as_user(&user).boto3(&format!(
        r#"
ecr = client("ecr")
mine, other, host = "{mine}", "{other}", "{}"
new = dict(ecrRepositoryPrefix="more", upstreamRegistryUrl=host)
foreign = mine.replace("000000000000", "111122223333")
for secret in [other, foreign, mine[:-7], mine.replace("us-east-1", "eu-west-1")]:
    for call, arguments in [(ecr.create_pull_through_cache_rule, new), (ecr.update_pull_through_cache_rule, dict(ecrRepositoryPrefix="cache"))]:
        text = refused("AccessDeniedException", call, credentialArn=secret, **arguments)["Error"]["Message"]
        assert "secretsmanager:GetSecretValue on resource: " + secret in text, text
ecr.update_pull_through_cache_rule(ecrRepositoryPrefix="cache", credentialArn=mine)
"#,
        upstream.host()
    ));
    wharf.client().repository("cache/app").manifest("v1").await.expect(200);
    // Nor is that of another account used, whoever may name it.
    upstream.asked();
    for wrong in [mine.replace("000000000000", "111122223333"), mine[..mine.len() - 7].to_owned()] {
        let rule = json!({ "ecrRepositoryPrefix": "cache", "credentialArn": wrong });
        let refusal = Unsigned::ecr("UpdatePullThroughCacheRule", &rule.to_string());
        let answer = refusal.sign(&wharf.aws()).send(&wharf.url()).await;
        assert_eq!(answer.status(), 400, "{wrong}");
    }
    assert!(upstream.asked().is_empty());
}

/// Many registries give tokens for any name (`AWS`, `oauth2accesstoken`): the name says nothing of who asks.
#[tokio::test]
async fn a_token_opens_nothing_for_another_password() {
    let upstream = Upstream::start().await;
    let image = Image::small();
    upstream.put_image("app", "v1", &image);
    upstream.want(Login::Token("reader".to_owned(), "password".to_owned()));
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    use_secret(&wharf, &create(&wharf, "ecr-pullthroughcache/good", "password")).await;
    wharf.client().repository("cache/app").expect_image(Some("v1"), &image).await;
    let rule = json!({
        "ecrRepositoryPrefix": "other",
        "upstreamRegistryUrl": upstream.host(),
        "credentialArn": create(&wharf, "ecr-pullthroughcache/bad", "wrong"),
    });
    call(&wharf, "CreatePullThroughCacheRule", rule).await;
    wharf.client().repository("other/app").manifest("v1").await.expect_error(502, "DENIED");
}

/// Whoever answers where the registry sends us says in a challenge where tokens are. The registry's password is not for them.
#[tokio::test]
async fn a_password_does_not_follow_a_redirect_by_way_of_a_challenge() {
    let (upstream, storage) = (Upstream::start().await, Upstream::start().await);
    let image = Image::small();
    for registry in [&upstream, &storage] {
        registry.put_image("app", "v1", &image);
    }
    upstream.want(Login::Token("reader".to_owned(), "password".to_owned()));
    storage.want(Login::Token("reader".to_owned(), "password".to_owned()));
    let to = storage.url();
    upstream.plan(move |asked| match asked.is_blob() {
        true => Mood::Redirect(format!("{to}{}", asked.target)),
        false => Mood::Good,
    });
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[("WHARF_OUTBOUND_LOOPBACK", "true")]).await;
    use_secret(&wharf, &create(&wharf, "ecr-pullthroughcache/mine", "password")).await;
    let ours = wharf.client().repository("cache/app");
    ours.manifest("v1").await.expect(200);
    ours.blob(&image.blobs[0].0).await.expect_error(502, "DENIED");
    let there = storage.asked();
    assert!(!there.is_empty(), "the redirect is followed");
    assert!(there.iter().all(|asked| asked.authorization.is_none()), "{there:?}");
}
