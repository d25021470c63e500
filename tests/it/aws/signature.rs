//! What a signature must be. The requests are signed by hand; those of real clients are in the other tests.

use tests::harness::answer::Answer;
use tests::harness::aws::Aws;
use tests::harness::sigv4::{Unsigned, now};
use tests::harness::{Wharf, on_default};

fn call() -> Unsigned {
    Unsigned::ecr("GetAuthorizationToken", "{}")
}

#[track_caller]
fn refused(answer: Answer, code: &str) -> String {
    let answer = answer.expect(400).expect_header("content-type", "application/x-amz-json-1.1");
    assert_eq!(answer.json()["__type"], code, "{answer}");
    assert_eq!(answer.header("x-amzn-requestid").len(), 36);
    answer.json()["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_key_are_refused() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        call().sign(&aws).send(&url).await.expect(200);
        let wrong = aws.with_key(&aws.access_key_id, "another");
        let message = refused(call().sign(&wrong).send(&url).await, "InvalidSignatureException");
        assert!(message.starts_with("The request signature we calculated does not match"), "{message}");
        let unknown = aws.with_key("AKIANOBODY0000000000", &aws.secret);
        let message = refused(call().sign(&unknown).send(&url).await, "UnrecognizedClientException");
        assert_eq!(message, "The security token included in the request is invalid.");
        // A long-lived key has no session token.
        let session = aws.with_session(&aws.access_key_id, &aws.secret, "token");
        refused(call().sign(&session).send(&url).await, "UnrecognizedClientException");
        // The same through the other protocol, and as the CLI tells it.
        wrong.refused(&["sts", "get-caller-identity"], "SignatureDoesNotMatch");
        unknown.refused(&["sts", "get-caller-identity"], "InvalidClientTokenId");
        wrong.refused(&["ecr", "get-login-password"], "InvalidSignatureException");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_turned_off_signs_nothing() {
    on_default(async |wharf| {
        let policy = crate::access::model::identity_policy(&[]);
        let user = wharf.known_user("anna", &policy).await;
        let signed = || Unsigned::query("sts", "GetCallerIdentity", &[]).sign(&wharf.aws().as_user(&user));
        signed().send(&wharf.url()).await.expect(200);
        wharf.admin_must(&["disable-key", &user.access_key_id]);
        tests::harness::admin::within_5_s("the disabled key", async || {
            signed().send(&wharf.url()).await.status() == 403
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn clocks_may_differ_by_five_minutes() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        for seconds in [-290, 290] {
            call().at(seconds).sign(&aws).send(&url).await.expect(200);
        }
        let message = refused(call().at(-310).sign(&aws).send(&url).await, "InvalidSignatureException");
        assert!(message.starts_with("Signature expired: ") && message.ends_with(" - 5 min.)"), "{message}");
        let message = refused(call().at(310).sign(&aws).send(&url).await, "InvalidSignatureException");
        assert!(message.starts_with("Signature not yet current: ") && message.ends_with(" + 5 min.)"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn what_is_signed_cannot_be_changed() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        let signed = call().sign(&aws);
        let mut altered = signed.clone();
        altered.body = b"{} ".to_vec();
        refused(altered.send(&url).await, "InvalidSignatureException");
        refused(signed.clone().with("x-amz-date", &now(1)).send(&url).await, "InvalidSignatureException");
        refused(signed.clone().with("content-type", "application/json").send(&url).await, "InvalidSignatureException");
        let mut altered = signed.clone();
        altered.target = "/?a=b".to_owned();
        refused(altered.send(&url).await, "InvalidSignatureException");
        // What is not signed may change on the way.
        signed.with("user-agent", "another").send(&url).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn what_decides_a_request_must_be_signed() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        let signed = call().sign(&aws).with("x-amz-extra", "1");
        let message = refused(signed.send(&url).await, "InvalidSignatureException");
        assert_eq!(message, "'x-amz-extra' must be a 'SignedHeader' in the AWS Authorization.");
        let signed = call().sign(&aws);
        let value = signed.header("authorization").replace("host;", "");
        let message =
            refused(signed.clone().with("authorization", &value).send(&url).await, "InvalidSignatureException");
        assert!(message.starts_with("'Host' or ':authority' must be"), "{message}");
        // The hash that some clients send is compared with the body.
        for (hash, status) in [(hash(b"{}"), 200), (hash(b""), 400), ("UNSIGNED-PAYLOAD".to_owned(), 400)] {
            let mut unsigned = call();
            unsigned.headers.push(("x-amz-content-sha256".to_owned(), hash));
            unsigned.sign(&aws).send(&url).await.expect(status);
        }
    })
    .await;
}

#[tokio::test]
async fn a_signature_for_one_service_is_none_for_another() {
    on_default(async |wharf| {
        let mut unsigned = call();
        unsigned.service = "sts".to_owned();
        let message = refused(unsigned.sign(&wharf.aws()).send(&wharf.url()).await, "InvalidSignatureException");
        assert_eq!(message, "Credential should be scoped to correct service: 'ecr'. ");
    })
    .await;
}

#[tokio::test]
async fn a_signature_that_lacks_a_part_is_incomplete() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        let signed = call().sign(&aws);
        let message =
            refused(signed.clone().without("authorization").send(&url).await, "MissingAuthenticationTokenException");
        assert_eq!(message, "Missing Authentication Token");
        let message = refused(signed.clone().without("x-amz-date").send(&url).await, "IncompleteSignatureException");
        assert!(message.contains("'X-Amz-Date' or a 'Date'"), "{message}");
        let value = signed.header("authorization").to_owned();
        let parts: Vec<&str> = value.split(", ").collect();
        for (altered, named) in [
            ("AWS4-HMAC-SHA256".to_owned(), "no parameters"),
            (format!("{}, {}", parts[0], parts[1]), "'Signature'"),
            (format!("{}, {}", parts[0], parts[2]), "'SignedHeaders'"),
            (format!("AWS4-HMAC-SHA256 {}, {}", parts[1], parts[2]), "'Credential'"),
            (value.replace("/aws4_request", ""), "slash-delimited"),
            (value.replace("AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 "), "algorithm"),
            (format!("{value}, {}", parts[2]), "twice"),
            (format!("{value}, Other=1"), "not known"),
        ] {
            let message = refused(
                signed.clone().with("authorization", &altered).send(&url).await,
                "IncompleteSignatureException",
            );
            assert!(message.contains(named), "{altered}: {message}");
        }
        // What logs docker in does not sign.
        let basic = signed.without("authorization").with("authorization", "Basic QVdTOng=");
        refused(basic.send(&url).await, "IncompleteSignatureException");
    })
    .await;
}

#[tokio::test]
async fn every_byte_of_a_signature_counts() {
    on_default(async |wharf: &Wharf| {
        let (url, aws): (String, Aws) = (wharf.url(), wharf.aws());
        let signed = call().sign(&aws);
        let value = signed.header("authorization").as_bytes().to_vec();
        for index in 0..value.len() {
            let mut altered = value.clone();
            altered[index] ^= 1;
            let altered = String::from_utf8(altered).expect("ASCII stays ASCII");
            let answer = signed.clone().with("authorization", &altered).send(&url).await;
            assert_eq!(answer.status(), 400, "byte {index}: {altered}: {answer}");
        }
    })
    .await;
}

fn hash(body: &[u8]) -> String {
    tests::harness::digest(body).replace("sha256:", "")
}

/// What tools pass on that let others ask who somebody is (`aws eks get-token`, for one).
#[tokio::test]
async fn presigned_addresses_are_good_for_what_they_say_and_as_long_as_they_say() {
    on_default(async |wharf| {
        let answer = wharf.aws().boto3(
            r#"
import urllib.request, urllib.error, time

def fetch(address, **arguments):
    try:
        with urllib.request.urlopen(urllib.request.Request(address, **arguments)) as answer:
            return [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]

def presigned(seconds):
    return client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=seconds, HttpMethod="GET")

address, short = presigned(60), presigned(1)
listed = client("iam").generate_presigned_url("list_users", Params={"PathPrefix": "/a+b/"}, HttpMethod="GET")
assert "a%2Bb" in listed, listed
time.sleep(2.1)
print(json.dumps({
    "good": fetch(address),
    "again": fetch(address),
    "longer": fetch(address.replace("X-Amz-Expires=60", "X-Amz-Expires=61")),
    "other": fetch(address.replace("GetCallerIdentity", "GetSessionToken")),
    "more": fetch(address + "&a=b"),
    "posted": fetch(address, data=b""),
    "twice": fetch(address + "&X-Amz-Expires=60"),
    "header": fetch(address, headers={"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"}),
    "expired": fetch(short),
    "plus": fetch(listed),
    "space": fetch(listed.replace("a%2Bb", "a+b")),
    "unsigned": fetch(address.split("X-Amz-Algorithm")[0]),
}))
"#,
        );
        let outcome = |name: &str| {
            let text = answer[name][1].as_str().unwrap_or_default().to_owned();
            (answer[name][0].as_u64().unwrap_or_default(), text)
        };
        for name in ["good", "again"] {
            let (status, text) = outcome(name);
            assert_eq!(status, 200, "{name}: {text}");
            assert!(text.contains("<Arn>arn:aws:iam::000000000000:root</Arn>"), "{text}");
        }
        assert_eq!(outcome("plus").0, 200, "{}", outcome("plus").1);
        for (name, status, code) in [
            ("space", 403, "SignatureDoesNotMatch"),
            ("longer", 403, "SignatureDoesNotMatch"),
            ("other", 403, "SignatureDoesNotMatch"),
            ("more", 403, "SignatureDoesNotMatch"),
            ("posted", 403, "SignatureDoesNotMatch"),
            ("twice", 400, "MalformedInput"),
            ("header", 400, "InvalidSignatureException"),
            ("expired", 403, "SignatureDoesNotMatch"),
            ("unsigned", 403, "MissingAuthenticationToken"),
        ] {
            let (found, text) = outcome(name);
            assert_eq!(found, status, "{name}: {text}");
            assert!(text.contains(code), "{name}: {text}");
        }
        assert!(outcome("expired").1.contains("Signature expired: "), "{}", outcome("expired").1);
    })
    .await;
}
