//! Tokens that are not believed, and providers that cannot be asked.

use std::time::Duration;

use serde_json::{Value, json};
use tests::harness::issuer::{Algorithm, Issuer, Mood};
use tests::harness::{Backend, DEFAULT, Wharf};

use super::script;
use super::web_identity::{ROLE, exchange, nobody, trust, trusting};

const SUBJECT: &str = "repo:team/app:ref:main";

/// A list of exchanges that are refused, tried by one client: role, token, code and a part of the message.
#[track_caller]
fn all_refused(wharf: &Wharf, cases: &[(&str, &str, &str, &str)]) {
    let list: Vec<Value> = cases.iter().map(|(role, token, code, text)| json!([role, token, code, text])).collect();
    script(
        &nobody(wharf),
        &format!(
            "
sts = client('sts', config=botocore.config.Config(signature_version=botocore.UNSIGNED, parameter_validation=False))
for index, (role, token, code, text) in enumerate(json.loads({:?})):
    try:
        answer = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName='run', WebIdentityToken=token)
    except botocore.exceptions.ClientError as error:
        found = error.response['Error']
        assert found['Code'] == code and text in found['Message'], (index, code, text, found)
    else:
        raise AssertionError((index, code, text, answer))",
            json!(list).to_string()
        ),
    );
}

#[tokio::test]
async fn tokens_that_are_not_for_this_or_not_good_are_refused() {
    for backend in DEFAULT {
        let (wharf, issuer) = trusting(*backend).await;
        let other = Issuer::start();
        let good = issuer.token(SUBJECT, "wharf");
        let with = |name: &str, value: Value| {
            let mut claims = issuer.claims(SUBJECT, "wharf");
            claims[name] = value;
            if claims[name].is_null() {
                claims.as_object_mut().expect("an object").remove(name);
            }
            issuer.sign(Algorithm::RS256, &claims)
        };
        let now = issuer.claims("", "")["iat"].as_i64().expect("a number");
        let header = |text: Value| issuer.sign_with(Algorithm::RS256, &text, &issuer.claims(SUBJECT, "wharf"));
        let altered = {
            let (message, signature) = good.rsplit_once('.').expect("three parts");
            let first = if signature.starts_with('A') { "B" } else { "A" };
            format!("{message}.{first}{}", &signature[1..])
        };
        let pretended = {
            let mut claims = other.claims(SUBJECT, "wharf");
            claims["iss"] = json!(issuer.url());
            other.sign(Algorithm::RS256, &claims)
        };
        let invalid = "InvalidIdentityToken";
        let malformed = "is not a valid JWT";
        let denied = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
        let unsigned = good.rsplit_once('.').expect("three parts").0.to_owned() + ".";
        let cases: Vec<(&str, String, &str, &str)> = vec![
            (ROLE, issuer.token("repo:other/app:x", "wharf"), denied.0, denied.1),
            // An audience of the provider that the role does not want, and one that nobody wants.
            (ROLE, issuer.token(SUBJECT, "other"), denied.0, denied.1),
            (ROLE, issuer.token(SUBJECT, "nobody"), invalid, "Incorrect token audience"),
            ("arn:aws:iam::000000000000:role/absent", good.clone(), denied.0, denied.1),
            ("arn:aws:iam::111122223333:role/ci", good.clone(), invalid, "No OpenIDConnect provider found"),
            (ROLE, other.token(SUBJECT, "wharf"), invalid, "No OpenIDConnect provider found in your account for http"),
            (ROLE, with("exp", json!(now - 1)), "ExpiredTokenException", "Token expired: current date/time"),
            (ROLE, with("nbf", json!(now + 600)), invalid, "not valid yet"),
            (ROLE, with("iat", json!(now + 600)), invalid, "not valid yet"),
            (ROLE, with("sub", Value::Null), invalid, "lacks the claim sub"),
            (ROLE, with("exp", Value::Null), invalid, "lacks the claim exp"),
            (ROLE, with("aud", json!([])), invalid, "lacks the claim aud"),
            (ROLE, with("iss", json!("ftp://x")), invalid, malformed),
            (ROLE, altered, invalid, "not signed by a key"),
            (ROLE, pretended, invalid, "not signed by a key"),
            (ROLE, unsigned, invalid, ""),
            (ROLE, header(json!({ "alg": "none" })), invalid, malformed),
            (ROLE, header(json!({ "alg": "HS256", "kid": "RS256-0" })), invalid, malformed),
            (ROLE, header(json!({ "alg": "RS256", "kid": "RS256-0", "crit": ["x"] })), invalid, malformed),
            (ROLE, header(json!({ "alg": "RS512", "kid": "RS256-0" })), invalid, "not signed by a key"),
            (ROLE, header(json!({ "alg": "RS256", "kid": "ES256-0" })), invalid, "not signed by a key"),
            (ROLE, header(json!({ "alg": "RS256", "jwk": other.published()["keys"][0] })), invalid, "not signed"),
            (ROLE, "nonsense".to_owned(), invalid, malformed),
            (ROLE, "x".to_owned(), "ValidationError", "webIdentityToken"),
            (ROLE, format!("{good}{}", "A".repeat(20_000)), "ValidationError", "webIdentityToken"),
        ];
        let cases: Vec<_> =
            cases.iter().map(|(role, token, code, text)| (*role, token.as_str(), *code, *text)).collect();
        all_refused(&wharf, &cases);
        nobody(&wharf).json(&exchange(&good, &[]));
        // Nothing of this made the server ask more than once, and nobody asked the other one.
        assert_eq!((issuer.asked(), other.asked()), (1, 0));
    }
}

#[tokio::test]
async fn new_keys_are_found_and_an_issuer_is_not_asked_for_every_unknown_one() {
    let (wharf, issuer) = trusting(Backend::SqliteDisk).await;
    let old = issuer.token(SUBJECT, "wharf");
    nobody(&wharf).json(&exchange(&old, &[]));
    issuer.rotate();
    let new = issuer.token(SUBJECT, "wharf");
    // In one go: twenty seconds after the last time it would be asked again.
    all_refused(&wharf, &[(ROLE, new.as_str(), "InvalidIdentityToken", "not signed by a key"); 3]);
    assert_eq!(issuer.asked(), 1);
    tokio::time::sleep(Duration::from_secs(21)).await;
    nobody(&wharf).json(&exchange(&new, &[]));
    assert_eq!(issuer.asked(), 2);
    // Keys that are published no more are not believed any more.
    all_refused(&wharf, &[(ROLE, &old, "InvalidIdentityToken", "not signed by a key")]);
    // While the issuer is down, what is known goes on.
    issuer.set(Mood::Failing);
    nobody(&wharf).json(&exchange(&new, &[]));
}

#[tokio::test]
async fn issuers_that_lead_elsewhere_or_fail_are_not_believed() {
    let moods = [
        Mood::Failing,
        Mood::Posing,
        Mood::KeysAt("http://169.254.169.254/latest/keys".to_owned()),
        Mood::KeysAt("http://[::ffff:169.254.169.254]/keys".to_owned()),
        Mood::KeysAt("file:///etc/passwd".to_owned()),
        Mood::KeysAt("http://keys.example.com/keys".to_owned()),
        Mood::Redirecting("http://169.254.169.254/latest/meta-data".to_owned()),
    ];
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_OUTBOUND_LOOPBACK", "true").start().await;
    for (index, mood) in moods.into_iter().enumerate() {
        let issuer = Issuer::start();
        issuer.set(mood.clone());
        if index == 0 {
            trust(&wharf, &issuer);
        } else {
            let provider = "client('iam').create_open_id_connect_provider(Url='URL', ClientIDList=['wharf'])";
            script(&wharf.aws(), &provider.replace("URL", issuer.url()));
        }
        let token = issuer.token(SUBJECT, "wharf");
        let refused = [(ROLE, token.as_str(), "IDPCommunicationError", "Couldn't retrieve verification key")];
        all_refused(&wharf, &refused);
        issuer.set(Mood::Good);
        // It is not asked again at once.
        all_refused(&wharf, &refused);
        assert!(issuer.asked() <= 1, "{mood:?}");
    }
}

#[tokio::test]
async fn this_machine_is_not_asked_unless_the_operator_says_so() {
    let issuer = Issuer::start();
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let refused =
        format!("refused('ValidationError', client('iam').create_open_id_connect_provider, Url='{}')", issuer.url());
    script(&wharf.aws(), &refused);
    // By https it may be named, and is not reached.
    let https = issuer.url().replace("http://", "https://");
    let provider = "client('iam').create_open_id_connect_provider(Url='URL', ClientIDList=['wharf'])";
    script(&wharf.aws(), &provider.replace("URL", &https));
    for url in [https.as_str(), issuer.url()] {
        let mut claims = issuer.claims(SUBJECT, "wharf");
        claims["iss"] = json!(url);
        let token = issuer.sign(Algorithm::EdDSA, &claims);
        all_refused(&wharf, &[(ROLE, &token, "IDPCommunicationError", "Couldn't retrieve verification key")]);
    }
    assert_eq!(issuer.asked(), 0);
}
