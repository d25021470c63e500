//! Signing keys that were derived a while ago: four rounds of HMAC are saved for each request.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use types::Secret;

use super::{Signature, hmac};

/// A cache of signing keys.
pub struct SigningKeys(Cache<[String; 4], Arc<Derived>>);

struct Derived {
    /// A key that gets another secret must not be verified with the old one.
    secret: Secret,
    key: [u8; 32],
}

impl SigningKeys {
    /// Empty.
    pub fn new() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_idle(Duration::from_secs(3600)).build())
    }

    /// The key for the scope of a signature.
    pub(super) fn get(&self, signature: &Signature, secret: &Secret) -> [u8; 32] {
        let Signature { access_key_id, date, region, service, .. } = signature;
        let scope = [access_key_id.clone(), date.clone(), region.clone(), service.clone()];
        if let Some(derived) = self.0.get(&scope)
            && derived.secret.matches(secret.expose())
        {
            return derived.key;
        }
        let key = derive(secret.expose(), date, region, service);
        self.0.insert(scope, Arc::new(Derived { secret: secret.clone(), key }));
        key
    }
}

impl Default for SigningKeys {
    fn default() -> Self {
        Self::new()
    }
}

pub(super) fn derive(secret: &str, date: &str, region: &str, service: &str) -> [u8; 32] {
    let start = Secret::new(format!("AWS4{secret}"));
    let key = hmac(start.expose().as_bytes(), date.as_bytes());
    let key = hmac(&key, region.as_bytes());
    let key = hmac(&key, service.as_bytes());
    hmac(&key, b"aws4_request")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of "Deriving the signing key" in AWS's documentation of SigV4.
    #[test]
    fn the_documented_key_is_derived() {
        let key = derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215", "us-east-1", "iam");
        assert_eq!(hex::encode(key), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }
}
