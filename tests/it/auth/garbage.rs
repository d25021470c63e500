//! Credentials in every form that is not one. All are 401 in the usual shape, and none of them slows the server or opens it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Auth, Wharf, on_default, raw};

fn basic(text: &[u8]) -> Vec<u8> {
    format!("Basic {}", STANDARD.encode(text)).into_bytes()
}

#[tokio::test]
async fn broken_credentials_are_401() {
    on_default(async |wharf| {
        let good = format!("{ROOT_ACCESS_KEY_ID}:{ROOT_SECRET_ACCESS_KEY}");
        let long = [ROOT_ACCESS_KEY_ID.as_bytes(), b":", &[b'x'; 10_000]].concat();
        let forms: Vec<Vec<u8>> = vec![
            b"Basic".to_vec(),
            b"Basic ".to_vec(),
            b"Basic ====".to_vec(),
            b"Basic !!!not base64!!!".to_vec(),
            basic(b""),
            basic(b":"),
            basic(b"no-colon"),
            basic(format!("{ROOT_ACCESS_KEY_ID}:").as_bytes()),
            basic(format!(":{ROOT_SECRET_ACCESS_KEY}").as_bytes()),
            basic(format!("{ROOT_ACCESS_KEY_ID}:{ROOT_SECRET_ACCESS_KEY}x").as_bytes()),
            basic(format!("{ROOT_ACCESS_KEY_ID}:{}", &ROOT_SECRET_ACCESS_KEY[..39]).as_bytes()),
            basic(format!("{ROOT_ACCESS_KEY_ID}:{}", ROOT_SECRET_ACCESS_KEY.to_lowercase()).as_bytes()),
            basic(format!("{}:{ROOT_SECRET_ACCESS_KEY}", ROOT_ACCESS_KEY_ID.to_lowercase()).as_bytes()),
            basic(format!(" {good}").as_bytes()),
            basic(format!("{good}\n").as_bytes()),
            basic(format!("{good}\0").as_bytes()),
            basic(&[&[0xff, 0xfe, b':'][..], ROOT_SECRET_ACCESS_KEY.as_bytes()].concat()),
            basic(&long),
            basic(b"' or 1=1 --:x"),
            basic(b"%:%"),
            basic(format!("AWS:{ROOT_SECRET_ACCESS_KEY}").as_bytes()),
            format!("Basic {good}").into_bytes(),
            b"Bearer".to_vec(),
            b"Bearer ".to_vec(),
            b"Bearer a b c".to_vec(),
            [b"Bearer ".to_vec(), vec![b'a'; 8000]].concat(),
            format!("Bearer {ROOT_SECRET_ACCESS_KEY}").into_bytes(),
            b"Digest username=\"x\"".to_vec(),
            b"Negotiate abc".to_vec(),
            b"AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=00"
                .to_vec(),
            b"\xff\xfe".to_vec(),
            b"".to_vec(),
        ];
        for (number, form) in forms.into_iter().enumerate() {
            let client = wharf.anonymous_from([127, 0, 0, 20 + number as u8]).as_(Auth::Verbatim(form.clone()));
            let answer = client.get("/v2/").send().await;
            let shown = String::from_utf8_lossy(&form[..form.len().min(80)]).into_owned();
            assert!([400, 401].contains(&answer.status()), "{shown}: {answer}");
            if answer.status() == 401 {
                assert!(answer.header_opt("www-authenticate").is_some(), "{shown}: {answer}");
            }
        }
        wharf.client().get("/v2/").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    on_default(async |wharf| {
        let good = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
        let bad = raw::basic("AKIANOBODY", "x");
        for (number, headers) in [[&good, &bad], [&bad, &good]].into_iter().enumerate() {
            let headers: Vec<&str> = headers.into_iter().map(String::as_str).collect();
            let request = raw::request("GET", "/v2/", &wharf.address(), &headers);
            let exchange = raw::exchange(wharf.address(), &request, std::time::Duration::from_secs(30)).await;
            assert!(matches!(exchange.status(), Some(400 | 401)), "order {number}: {}", exchange.text());
        }
    })
    .await;
}

#[tokio::test]
async fn credentials_count_nowhere_but_in_the_header() {
    on_default(async |wharf| {
        let token =
            wharf.client().get("/token").send().await.expect(200).json()["token"].as_str().expect("a token").to_owned();
        for query in [
            format!("access_token={token}"),
            format!("token={token}"),
            format!(
                "username={ROOT_ACCESS_KEY_ID}&password={}",
                tests::harness::client::encode(ROOT_SECRET_ACCESS_KEY)
            ),
        ] {
            wharf.anonymous().get(&format!("/v2/?{query}")).send().await.expect(401);
            wharf.anonymous().get(&format!("/v2/_catalog?{query}")).send().await.expect(401);
        }
        for header in ["cookie", "x-amz-security-token", "x-access-token", "proxy-authorization"] {
            let call = wharf.anonymous().get("/v2/").header(header, format!("Bearer {token}"));
            call.send().await.expect(401);
        }
    })
    .await;
}

#[tokio::test]
async fn headers_that_name_an_identity_mean_nothing() {
    on_default(async |wharf| {
        let headers = [
            "x-remote-user",
            "x-forwarded-user",
            "x-webauth-user",
            "remote-user",
            "x_remote_user",
            "x-auth-request-email",
            "x-amzn-oidc-identity",
            "x-client-cert",
            "x-ssl-client-s-dn",
            "x-original-user",
            "x-user",
            "x-authenticated-user",
            "x-amz-caller",
            "x-wharf-principal",
        ];
        for header in headers {
            for value in ["root", ROOT_ACCESS_KEY_ID, "arn:aws:iam::000000000000:root"] {
                wharf.anonymous().get("/v2/_catalog").header(header, value).send().await.expect(401);
            }
        }
        let request = raw::request(
            "GET",
            "/v2/_catalog",
            &wharf.address(),
            &["Connection: Authorization", "X-Forwarded-For: 127.0.0.1"],
        );
        let exchange = raw::exchange(wharf.address(), &request, std::time::Duration::from_secs(30)).await;
        assert!(matches!(exchange.status(), Some(400 | 401)), "{}", exchange.text());
    })
    .await;
}

#[tokio::test]
async fn one_connection_may_carry_different_clients() {
    let wharf = Wharf::start(tests::harness::Backend::SqliteDisk).await;
    // Keep-alive must not carry one request's identity over to the next one.
    let good = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
    let with = format!("GET /v2/ HTTP/1.1\r\nHost: {}\r\n{good}\r\n\r\n", wharf.address());
    let without = format!("GET /v2/ HTTP/1.1\r\nHost: {}\r\n\r\n", wharf.address());
    // The last one says that it is the last, so the end is known and no silence need be taken for it.
    let last = without.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
    let pipelined = [with.clone(), without, with, last].concat();
    let exchange = raw::exchange(wharf.address(), pipelined.as_bytes(), std::time::Duration::from_secs(30)).await;
    assert_eq!(exchange.statuses(), [200, 401, 200, 401], "{}", exchange.text());
}
