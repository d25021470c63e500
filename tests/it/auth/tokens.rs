//! The token endpoint, `GET` and `POST`, as clients use it.

use serde_json::Value;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Answer, Auth, Backend, Wharf, digest, on_default, random};

fn token(answer: &Answer) -> String {
    let document = answer.json();
    let token = document["token"].as_str().unwrap_or_else(|| panic!("{answer}: no token"));
    assert_eq!(document["access_token"], token, "{answer}: both names have one value");
    assert!(document["expires_in"].as_u64().is_some_and(|seconds| seconds >= 60), "{answer}");
    let issued = document["issued_at"].as_str().unwrap_or_else(|| panic!("{answer}: no issued_at"));
    assert!(
        issued.len() >= 20 && issued.ends_with('Z') && issued.as_bytes()[10] == b'T',
        "{issued} is not RFC 3339 in UTC"
    );
    assert!(token.len() < 4096, "a token travels in every header: {} bytes", token.len());
    token.to_owned()
}

#[tokio::test]
async fn a_token_opens_what_its_principal_may_do() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let scope = format!("repository:{}:pull,push", repository.name());
        let target = format!("/token?service=wharf&scope={scope}");
        let token = token(&wharf.client().get(&target).send().await.expect(200));
        let through_token = repository.as_(Auth::Bearer(token));
        let image = through_token.push_small("one").await;
        through_token.expect_image(Some("one"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn any_number_of_scopes_in_any_order_is_taken() {
    on_default(async |wharf| {
        let scopes = [
            String::new(),
            "scope=repository:a/b:pull".to_owned(),
            "scope=repository:a/b:push,pull".to_owned(),
            "scope=repository:a/b:*".to_owned(),
            "scope=repository:a/b:push,pull,delete".to_owned(),
            "scope=repository:a/b:pull&scope=repository:c/d:pull,push&scope=repository:a/b:push".to_owned(),
            "scope=repository:a/b:pull%20repository:c:pull".to_owned(),
            "scope=repository(plugin):a/b:pull".to_owned(),
            "scope=repository:host:5000/a/b:pull".to_owned(),
            "scope=registry:catalog:*".to_owned(),
            "scope=".to_owned(),
            "scope=unknown:thing:act".to_owned(),
        ];
        for scope in scopes {
            let target = format!("/token?account=x&client_id=y&offline_token=true&service=z&{scope}");
            token(&wharf.client().get(&target).send().await.expect(200));
        }
    })
    .await;
}

#[tokio::test]
async fn wrong_credentials_get_no_token() {
    on_default(async |wharf| {
        for (user, password) in
            [(ROOT_ACCESS_KEY_ID, "wrong"), ("AKIANOBODY0000000000", ROOT_SECRET_ACCESS_KEY), ("", "")]
        {
            let client = wharf.client().as_(Auth::basic(user, password));
            let answer = client.get("/token?scope=repository:a:pull").send().await.expect(401);
            assert!(!String::from_utf8_lossy(answer.body()).contains("access_token"), "{answer}");
            assert!(answer.header_opt("www-authenticate").is_some(), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_anonymous_token_grants_nothing() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let target = format!("/token?scope=repository:{}:pull,push", repository.name());
        let answer = wharf.anonymous().get(&target).send().await.expect_one_of(&[200, 401]);
        if answer.status() == 200 {
            let anonymous = repository.as_(Auth::Bearer(token(&answer)));
            anonymous.manifest("one").await.expect_one_of(&[401, 403]);
            anonymous.blob(&image.blobs[0].0).await.expect_one_of(&[401, 403]);
            anonymous.client().post(&repository.path("blobs/uploads/")).send().await.expect_one_of(&[401, 403]);
        }
    })
    .await;
}

async fn post(wharf: &Wharf, fields: &[(&str, &str)]) -> Answer {
    wharf.anonymous().post("/token").form(fields).send().await
}

#[tokio::test]
async fn the_password_grant_gives_a_token() {
    on_default(async |wharf| {
        let fields = [
            ("grant_type", "password"),
            ("service", "wharf"),
            ("client_id", "containerd-client"),
            ("scope", "repository:a/b:pull,push repository:c/d:pull"),
            ("username", ROOT_ACCESS_KEY_ID),
            ("password", ROOT_SECRET_ACCESS_KEY),
            ("access_type", "offline"),
        ];
        let answer = post(wharf, &fields).await.expect(200);
        let document = answer.json();
        let token = document["access_token"].as_str().expect("an access token").to_owned();
        assert!(document["expires_in"].as_u64().is_some_and(|seconds| seconds >= 60), "{answer}");
        assert!(document["scope"].is_string(), "{answer}");
        wharf.client().as_(Auth::Bearer(token)).repository("a/b").push_small("one").await;
    })
    .await;
}

#[tokio::test]
async fn grants_that_are_wrong_are_refused_so_that_clients_fall_back() {
    on_default(async |wharf| {
        let cases: [&[(&str, &str)]; 7] = [
            &[("grant_type", "password"), ("username", ROOT_ACCESS_KEY_ID), ("password", "wrong")],
            &[("grant_type", "password"), ("username", "AKIANOBODY"), ("password", "wrong")],
            &[("grant_type", "password")],
            &[("grant_type", "refresh_token"), ("refresh_token", "nonsense")],
            &[("grant_type", "refresh_token")],
            &[("grant_type", "client_credentials")],
            &[],
        ];
        for fields in cases {
            // containerd goes on to GET after these and gives up after any other.
            post(wharf, fields).await.expect_one_of(&[400, 401, 404, 405]);
        }
        let call =
            wharf.anonymous().post("/token").header("content-type", "application/json").body("{\"grant_type\":1}");
        call.send().await.expect_one_of(&[400, 401, 404, 405, 415]);
        let large = format!("grant_type={}", "x".repeat(5 << 20));
        let call =
            wharf.anonymous().post("/token").header("content-type", "application/x-www-form-urlencoded").body(large);
        call.send().await.expect_one_of(&[400, 413]);
    })
    .await;
}

async fn refresh_token(wharf: &Wharf) -> Option<String> {
    let answer = wharf.client().get("/token?service=wharf&offline_token=true").send().await.expect(200);
    answer.json()["refresh_token"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_refresh_token_works_again_and_again() {
    on_default(async |wharf| {
        let refresh = refresh_token(wharf).await.expect("offline_token=true asks for a refresh token");
        for _ in 0..3 {
            let fields = [
                ("grant_type", "refresh_token"),
                ("service", "wharf"),
                ("client_id", "docker"),
                ("refresh_token", refresh.as_str()),
            ];
            let document = post(wharf, &fields).await.expect(200).json();
            let token = document["access_token"].as_str().expect("an access token").to_owned();
            wharf.client().as_(Auth::Bearer(token)).get("/v2/").send().await.expect(200);
            // Docker keeps the first for ever and ignores another one.
            if let Some(returned) = document["refresh_token"].as_str() {
                assert_eq!(returned, refresh);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token_and_the_other_way_round() {
    on_default(async |wharf| {
        let refresh = refresh_token(wharf).await.expect("a refresh token");
        wharf.client().as_(Auth::Bearer(refresh)).get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        let access = token(&wharf.client().get("/token").send().await.expect(200));
        let fields = [("grant_type", "refresh_token"), ("service", "wharf"), ("refresh_token", access.as_str())];
        post(wharf, &fields).await.expect_one_of(&[400, 401]);
    })
    .await;
}

#[tokio::test]
async fn refresh_tokens_hold_over_a_restart() {
    let mut wharf = Wharf::start(Backend::SqliteDisk).await;
    let refresh = refresh_token(&wharf).await.expect("a refresh token");
    let access = token(&wharf.client().get("/token").send().await.expect(200));
    wharf.restart().await;
    let fields = [("grant_type", "refresh_token"), ("service", "wharf"), ("refresh_token", refresh.as_str())];
    post(&wharf, &fields).await.expect(200);
    wharf.client().as_(Auth::Bearer(access)).get("/v2/").send().await.expect(200);
}

#[tokio::test]
async fn a_token_is_a_jwt_that_grants_nothing_by_itself_and_ends() {
    on_default(async |wharf| {
        let text = token(&wharf.client().get("/token?scope=repository:a:pull").send().await.expect(200));
        let parsed = tests::harness::forgery::Token::parse(&text);
        assert!(parsed.header["kid"].is_string(), "{parsed:?}");
        assert_ne!(parsed.header["alg"], "none", "{parsed:?}");
        let (issued, ends) = (parsed.claims["iat"].as_u64(), parsed.claims["exp"].as_u64());
        let lifetime = ends.zip(issued).map(|(ends, issued)| ends - issued).expect("iat and exp are there");
        assert!((300..=12 * 3600).contains(&lifetime), "{lifetime} seconds");
        assert!(!text.contains(ROOT_SECRET_ACCESS_KEY));
        assert_eq!(parsed.claims.get("secret"), None::<&Value>);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_ends_during_an_upload_does_not_end_the_upload() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_TOKEN_TTL", "60s").start().await;
    let repository = wharf.repository();
    let answer = wharf.client().get("/token").send().await.expect(200);
    let token = answer.json()["token"].as_str().expect("a token").to_owned();
    let short_lived = repository.as_(Auth::Bearer(token));
    let upload = short_lived.begin().await;
    let bytes = random(64 * 70);
    let pieces: Vec<Vec<u8>> = bytes.chunks(70).map(<[u8]>::to_vec).collect();
    let body = futures_util::stream::unfold(pieces.into_iter(), |mut pieces| async move {
        let piece = pieces.next()?;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        Some((Ok(bytes::Bytes::from(piece)), pieces))
    });
    // 64 pieces, one a second: the token has ended before the last one.
    short_lived.client().put(&upload.closing(&digest(&bytes))).stream(body).send().await.expect(201);
    let answer = short_lived.client().get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
    assert!(answer.header("www-authenticate").contains("invalid_token"), "{answer}");
    repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
}
