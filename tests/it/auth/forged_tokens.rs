//! Tokens that look right and are not: everything an attacker can do with a genuine token, its key id and its claims, without
//! the key. Each one must be 401 on a read, and open nothing.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use tests::harness::forgery::{Attacker, Token};
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Auth, Wharf, on_default};

async fn genuine(wharf: &Wharf) -> String {
    let answer = wharf.client().get("/token?scope=repository:a:pull,push").send().await.expect(200);
    answer.json()["token"].as_str().expect("a token").to_owned()
}

/// Tries one forgery from a source address of its own, so that the throttle does not answer instead of the verifier.
async fn expect_refused(wharf: &Wharf, number: usize, what: &str, forged: String) {
    let source = [127, 0, 1 + (number / 200) as u8, 1 + (number % 200) as u8];
    let client = wharf.anonymous_from(source).as_(Auth::Bearer(forged.clone()));
    let answer = client.get("/v2/").send().await;
    assert_eq!(answer.status(), 401, "{what} was not refused: {answer}\n{forged}");
    let answer = client.as_(Auth::basic("AWS", &forged)).get("/v2/").send().await;
    assert_eq!(answer.status(), 401, "{what} as the password of AWS was not refused: {answer}");
}

fn forgeries(text: &str) -> Vec<(&'static str, String)> {
    let token = Token::parse(text);
    let attacker = Attacker::new();
    let algorithm = token.header["alg"].clone();
    let kid = token.header["kid"].as_str().unwrap_or_default().to_owned();
    let far = json!(4_102_444_800_u64);
    let resign = |token: &Token| match algorithm.as_str() {
        Some("ES256") => token.clone().p256(&attacker),
        _ => token.clone().ed25519(&attacker),
    };
    let named = |name: &str| token.clone().header("alg", json!(name));
    let flipped = {
        let mut signature = URL_SAFE_NO_PAD.decode(&token.signature).expect("base64url");
        signature[0] ^= 1;
        Token { signature: URL_SAFE_NO_PAD.encode(signature), ..token.clone() }
    };
    let zeros = Token { signature: URL_SAFE_NO_PAD.encode([0_u8; 64]), ..token.clone() };
    let short = Token { signature: token.signature[..40].to_owned(), ..token.clone() };
    let parts: Vec<&str> = text.split('.').collect();
    vec![
        ("alg none", named("none").unsigned()),
        ("alg None", named("None").unsigned()),
        ("alg NONE", named("NONE").unsigned()),
        ("alg nOnE with the signature", named("nOnE").keep_signature()),
        ("alg empty", named("").unsigned()),
        ("alg absent", {
            let mut copy = token.clone();
            copy.header.as_object_mut().expect("an object").remove("alg");
            copy.unsigned()
        }),
        ("alg a number", token.clone().header("alg", json!(1)).unsigned()),
        ("no signature", token.unsigned()),
        ("HS256 with the empty key", named("HS256").hmac(b"")),
        ("HS256 with the key id", named("HS256").hmac(kid.as_bytes())),
        ("HS256 with the root secret", named("HS256").hmac(ROOT_SECRET_ACCESS_KEY.as_bytes())),
        ("HS256 with a usual secret", named("HS256").hmac(b"secret")),
        ("HS512 by name", named("HS512").hmac(kid.as_bytes())),
        ("RS256 by name", named("RS256").keep_signature()),
        ("EdDSA of the attacker", named("EdDSA").ed25519(&attacker)),
        ("ES256 of the attacker", named("ES256").p256(&attacker)),
        ("the attacker's key under the genuine key id", resign(&token)),
        ("another key id", resign(&token.clone().header("kid", json!("attacker")))),
        ("no key id", resign(&token.clone().header("kid", json!(null)))),
        ("a path as key id", token.clone().header("kid", json!("../../../../dev/null")).hmac(b"")),
        ("SQL as key id", resign(&token.clone().header("kid", json!("x' or '1'='1")))),
        ("an embedded Ed25519 key", named("EdDSA").header("jwk", attacker.ed25519_jwk()).ed25519(&attacker)),
        ("an embedded P-256 key", named("ES256").header("jwk", attacker.p256_jwk()).p256(&attacker)),
        ("a key set elsewhere", resign(&token.clone().header("jku", json!("http://127.0.0.1:9/keys")))),
        ("a certificate elsewhere", resign(&token.clone().header("x5u", json!("http://127.0.0.1:9/cert")))),
        ("an embedded certificate", resign(&token.clone().header("x5c", json!([STANDARD.encode(b"certificate")])))),
        ("an unknown critical header", token.clone().header("crit", json!(["exp"])).keep_signature()),
        ("another subject", token.clone().claim("sub", json!("arn:aws:iam::000000000000:user/admin")).keep_signature()),
        ("a later end", token.clone().claim("exp", far.clone()).keep_signature()),
        ("no end", token.clone().without("exp").keep_signature()),
        ("another issuer", resign(&token.clone().claim("iss", json!("attacker")))),
        ("another audience", resign(&token.clone().claim("aud", json!("attacker")))),
        (
            "more access",
            token
                .clone()
                .claim("access", json!([{"type": "registry", "name": "catalog", "actions": ["*"]}]))
                .keep_signature(),
        ),
        ("another account", token.clone().claim("account", json!("111111111111")).keep_signature()),
        ("ended long ago", resign(&token.clone().claim("exp", json!(1_000_000)))),
        ("a flipped bit in the signature", flipped.keep_signature()),
        ("a signature of zeros", zeros.keep_signature()),
        ("half a signature", short.keep_signature()),
        ("header of one, claims of another", format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(b"{}"), parts[2])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{text}.{}", parts[2])),
        ("one part", parts[0].to_owned()),
        ("dots alone", "..".to_owned()),
        ("padding at the end", format!("{text}==")),
        ("the access key id", ROOT_ACCESS_KEY_ID.to_owned()),
        ("claims that are no object", format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(b"[]"), parts[2])),
        ("a header nested a thousand deep", {
            let deep = format!("{{\"alg\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
            format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(deep), parts[1], parts[2])
        }),
    ]
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    on_default(async |wharf| {
        let text = genuine(wharf).await;
        wharf.anonymous().as_(Auth::Bearer(text.clone())).get("/v2/").send().await.expect(200);
        for (number, (what, forged)) in forgeries(&text).into_iter().enumerate() {
            expect_refused(wharf, number, what, forged).await;
        }
        // The genuine one still works: nothing above locked its owner out.
        wharf.anonymous().as_(Auth::Bearer(text)).get("/v2/").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_token_of_one_registry_is_refused_by_another() {
    let (one, other) = (
        Wharf::start(tests::harness::Backend::SqliteDisk).await,
        Wharf::start(tests::harness::Backend::SqliteDisk).await,
    );
    let text = genuine(&one).await;
    expect_refused(&other, 1, "a token of another registry", text).await;
}

#[tokio::test]
async fn claims_and_header_of_a_token_are_bound_by_its_signature() {
    on_default(async |wharf| {
        let text = genuine(wharf).await;
        let token = Token::parse(&text);
        let claims = token.claims.as_object().expect("claims are an object").clone();
        for (number, (name, value)) in claims.into_iter().enumerate() {
            let changed = match value {
                serde_json::Value::String(text) => json!(format!("{text}x")),
                serde_json::Value::Number(number) => json!(number.as_u64().unwrap_or_default() + 1),
                _ => json!("changed"),
            };
            let forged = token.clone().claim(&name, changed).keep_signature();
            expect_refused(wharf, 60 + number, &format!("a changed {name}"), forged).await;
        }
    })
    .await;
}
