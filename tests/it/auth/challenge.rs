//! The 401 that starts every login: exactly one line that all clients can read, with a realm that can be reached.

use std::collections::BTreeMap;

use http::Method;
use tests::harness::{Auth, Backend, Wharf, digest, on_default};

/// The parameters of a Bearer challenge.
pub fn parameters(challenge: &str) -> BTreeMap<String, String> {
    let rest = challenge.strip_prefix("Bearer ").unwrap_or_else(|| panic!("not a Bearer challenge: {challenge}"));
    let mut parameters = BTreeMap::new();
    let mut rest = rest;
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("an open quote: {challenge}"));
        parameters.insert(name.trim_matches([',', ' ']).to_owned(), value.to_owned());
        rest = after;
    }
    assert!(rest.trim_matches([',', ' ']).is_empty(), "unquoted rest {rest:?} of {challenge}");
    parameters
}

#[tokio::test]
async fn the_challenge_names_realm_service_and_the_scope_that_the_request_needs() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let name = repository.name();
        let manifest = repository.manifest_path("tag");
        let blob = repository.blob_path(&digest(b"x"));
        let uploads = repository.path("blobs/uploads/");
        let cases = [
            (Method::GET, manifest.clone(), format!("repository:{name}:pull")),
            (Method::HEAD, manifest.clone(), format!("repository:{name}:pull")),
            (Method::GET, blob.clone(), format!("repository:{name}:pull")),
            (Method::GET, repository.path("tags/list"), format!("repository:{name}:pull")),
            (Method::GET, repository.path(&format!("referrers/{}", digest(b"x"))), format!("repository:{name}:pull")),
            (Method::POST, uploads.clone(), format!("repository:{name}:pull,push")),
            (Method::PUT, manifest.clone(), format!("repository:{name}:pull,push")),
            (Method::DELETE, manifest, format!("repository:{name}:delete")),
            (Method::DELETE, blob, format!("repository:{name}:delete")),
            (Method::GET, "/v2/_catalog".to_owned(), "registry:catalog:*".to_owned()),
        ];
        for (method, path, scope) in cases {
            let answer = wharf.anonymous().call(method, &path).send().await.expect(401);
            let parameters = parameters(answer.header("www-authenticate"));
            assert_eq!(parameters.get("scope"), Some(&scope), "{answer}");
            assert!(parameters.contains_key("service"), "{answer}");
            assert_eq!(parameters["realm"], format!("{}/token", wharf.url()), "{answer}");
            assert!(!parameters.contains_key("error"), "{answer}");
            // The conformance suite takes the last of these words in the header for the scheme.
            for value in parameters.values() {
                let value = value.to_lowercase();
                assert!(!value.contains("basic") && !value.contains("bearer"), "{answer}");
            }
        }
        let mount = repository.path(&format!("blobs/uploads/?mount={}&from=other%2Fone", digest(b"x")));
        let answer = wharf.anonymous().post(&mount).send().await.expect(401);
        let scope = parameters(answer.header("www-authenticate"))["scope"].clone();
        let mut scopes: Vec<&str> = scope.split(' ').collect();
        scopes.sort_unstable();
        let expected = [format!("repository:{name}:pull,push"), "repository:other/one:pull".to_owned()];
        let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        expected.sort_unstable();
        assert_eq!(scopes, expected);
    })
    .await;
}

#[tokio::test]
async fn ping_is_challenged_without_a_scope() {
    on_default(async |wharf| {
        let answer = wharf.anonymous().get("/v2/").send().await.expect(401);
        let parameters = parameters(answer.header("www-authenticate"));
        assert!(!parameters.contains_key("scope"), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_no_good_is_named_so() {
    on_default(async |wharf| {
        let client = wharf.client().as_(Auth::Bearer("not.a.token".to_owned()));
        let answer = client.get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        assert_eq!(parameters(answer.header("www-authenticate"))["error"], "invalid_token", "{answer}");
    })
    .await;
}

#[tokio::test]
async fn the_realm_is_the_external_url_when_there_is_one() {
    let wharf =
        Wharf::with(Backend::SqliteDisk).set("WHARF_EXTERNAL_URL", "https://registry.example.com").start().await;
    let answer = wharf.anonymous().get("/v2/").send().await.expect(401);
    let realm = parameters(answer.header("www-authenticate"))["realm"].clone();
    assert_eq!(realm, "https://registry.example.com/token");
}

#[tokio::test]
async fn a_host_header_cannot_break_out_of_the_challenge() {
    on_default(async |wharf| {
        for host in ["evil\"example", "evil.example/x", "a b", "evil.example\", scope=\"x"] {
            let call = wharf.anonymous().get("/v2/").header("host", host);
            let answer = call.send().await.expect_one_of(&[400, 401]);
            if answer.status() == 401 {
                let realm = parameters(answer.header("www-authenticate"))["realm"].clone();
                assert!(realm.ends_with("/token") && !realm.contains(['"', ' ']), "{answer}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_basic_challenge_is_a_setting() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_AUTH_CHALLENGE", "basic").start().await;
    let answer = wharf.anonymous().get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Basic realm=\""), "{challenge}");
    wharf.client().get("/v2/").send().await.expect(200);
    wharf.repository().push_small("one").await;
}
