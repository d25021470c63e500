//! Signing a request of our own, as a client does: for the credential helper.

use http::HeaderValue;
use http::request::Parts;
use sha2::{Digest as _, Sha256};
use types::{Secret, Timestamp};

use super::{ALGORITHM, basic, canonical, hmac, keys};

/// What a client signs with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `AKIA…`, or `ASIA…` with a session token.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Secret,
    /// What a temporary key comes with.
    pub session_token: Option<Secret>,
}

/// Signs a request with the `Authorization` header: all header fields that it has, and its body. `host` is the host and
/// port that it goes to. None if a value cannot be in a header field.
pub fn sign(
    parts: &mut Parts,
    host: &str,
    body: &[u8],
    credentials: &Credentials,
    region: &str,
    service: &str,
    now: Timestamp,
) -> Option<()> {
    let time = basic(now);
    parts.headers.insert("x-amz-date", HeaderValue::from_str(&time).ok()?);
    if let Some(token) = &credentials.session_token {
        parts.headers.insert("x-amz-security-token", HeaderValue::from_str(token.expose()).ok()?);
    }
    let mut signed: Vec<String> = parts.headers.keys().map(|name| name.as_str().to_owned()).collect();
    if !parts.headers.contains_key("host") {
        signed.push("host".to_owned());
    }
    signed.sort();
    let payload = hex::encode(Sha256::digest(body));
    let request = canonical::request(parts, host.as_bytes(), &signed, false, &payload);
    let date = time.get(..8)?;
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let string_to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex::encode(Sha256::digest(request)));
    let key = keys::derive(credentials.secret_access_key.expose(), date, region, service);
    let signature = hex::encode(hmac(&key, string_to_sign.as_bytes()));
    let (id, signed) = (&credentials.access_key_id, signed.join(";"));
    let value = format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}");
    parts.headers.insert("authorization", HeaderValue::from_str(&value).ok()?);
    Some(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;
    use crate::{Head, Signature, SigningKeys};

    #[test]
    fn what_is_signed_verifies() {
        let secret = Secret::new("secret");
        let credentials = Credentials {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: secret.clone(),
            session_token: Some(Secret::new("token")),
        };
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let request = Request::post("/").header("content-type", "application/x-amz-json-1.1").body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        sign(&mut parts, "localhost:5000", b"{}", &credentials, "us-east-1", "ecr", now).unwrap();
        parts.headers.insert("host", HeaderValue::from_static("localhost:5000"));
        let head = Head {
            parts,
            source: [127, 0, 0, 1].into(),
            secure: false,
            host: None,
            request_id: String::new(),
            received_at: now,
        };
        let signature = Signature::read(&head).unwrap().unwrap();
        assert_eq!(signature.session_token.as_deref(), Some("token"));
        assert_eq!(signature.check_time(now), Ok(()));
        assert_eq!(signature.verify(&head, &Bytes::from_static(b"{}"), &secret, &SigningKeys::new()), Ok(()));
    }
}
