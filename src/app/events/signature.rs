//! Signatures of the Standard Webhooks specification, made and checked.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

/// What secrets begin with.
pub(crate) const SECRET_PREFIX: &str = "whsec_";

/// Signatures of one message that are looked at: there are two while a secret is replaced.
const MAX_SIGNATURES: usize = 8;

/// The key of a secret. None if it is none.
fn key(secret: &str) -> Option<hmac::Key> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    Some(hmac::Key::new(hmac::HMAC_SHA256, &key))
}

/// Whether a text is a secret, of as many bytes as the specification asks for.
pub fn is_secret(text: &str) -> bool {
    let key = text.strip_prefix(SECRET_PREFIX).and_then(|key| STANDARD.decode(key).ok());
    key.is_some_and(|key| (24..=64).contains(&key.len()))
}

/// The value of `webhook-signature`. None if the secret is none.
pub(crate) fn sign(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let tag = hmac::sign(&key(secret)?, format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(tag)))
}

/// Whether one of the signatures of a header is that of the message. How long it takes does not tell where they differ.
pub(crate) fn verify(secret: &str, id: &str, timestamp: &str, body: &[u8], header: &str) -> bool {
    let Some(key) = key(secret) else {
        return false;
    };
    let mut context = hmac::Context::with_key(&key);
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        context.update(part);
    }
    let expected = context.sign();
    let given = header.split(' ').take(MAX_SIGNATURES).filter_map(|each| each.strip_prefix("v1,"));
    given.filter_map(|tag| STANDARD.decode(tag).ok()).any(|tag| bool::from(tag.ct_eq(expected.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    /// The example of the specification.
    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        assert_eq!(sign(SECRET, ID, 1_614_265_330, BODY).as_deref(), Some(SIGNATURE));
        assert_eq!(sign("another", "a", 1, ""), None);
        assert_eq!(sign("whsec_!", "a", 1, ""), None);
        assert!(is_secret(SECRET) && !is_secret("whsec_") && !is_secret("whsec_YQ==") && !is_secret("another"));
    }

    #[test]
    fn a_signature_is_of_one_message() {
        let verify = |id: &str, timestamp: &str, body: &str, header: &str| {
            verify(SECRET, id, timestamp, body.as_bytes(), header)
        };
        let time = "1614265330";
        assert!(verify(ID, time, BODY, SIGNATURE));
        assert!(verify(ID, time, BODY, &format!("v1,AAAA v2,x {SIGNATURE}")));
        assert!(!verify("msg", time, BODY, SIGNATURE));
        assert!(!verify(ID, "1614265331", BODY, SIGNATURE));
        assert!(!verify(ID, time, "{}", SIGNATURE));
        for header in ["", "v1,", "v1", "v1,!", "v1a,g0hM", &SIGNATURE[..40], &SIGNATURE.replace("v1", "v2")] {
            assert!(!verify(ID, time, BODY, header), "{header}");
        }
        assert!(!super::verify("none", ID, time, BODY.as_bytes(), SIGNATURE));
    }
}
