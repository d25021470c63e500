//! The public keys of an identity provider. Which algorithms a key may be used with follows from the key, never from the
//! token that it is to verify.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::claims::Unverified;

/// Keys of one provider that are looked at.
const MAX_KEYS: usize = 200;

/// A key that verifies.
#[derive(Clone)]
pub(crate) struct Key {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// The keys of one provider.
#[derive(Clone, Default)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl Keys {
    /// Reads a JSON Web Key Set. Keys that are not for signatures, or of a sort that is not known, are passed over: a
    /// provider may have them for others.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(bytes).ok()?;
        let keys = document.keys.into_iter().take(MAX_KEYS).filter_map(Key::read).collect();
        Some(Self(keys))
    }

    /// The key that a token says it was signed with. A token that names none can only mean the only one.
    pub(crate) fn find(&self, token: &Unverified) -> Option<&Key> {
        match &token.kid {
            Some(kid) => {
                let named = self.0.iter().filter(|key| key.kid.as_ref() == Some(kid));
                // Nothing keeps a provider from giving two keys of different sorts one name.
                named.clone().find(|key| key.algorithms.contains(&token.algorithm)).or(named.clone().next())
            }
            None => match self.0.as_slice() {
                [only] => Some(only),
                _ => None,
            },
        }
    }
}

impl Key {
    fn read(value: Value) -> Option<Self> {
        use Algorithm::{ES256, ES384, EdDSA, RS256, RS384, RS512};
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
            return None;
        }
        let fits: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512],
            AlgorithmParameters::EllipticCurve(key) => match key.curve {
                EllipticCurve::P256 => &[ES256],
                EllipticCurve::P384 => &[ES384],
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[EdDSA],
            _ => return None,
        };
        let named = match jwk.common.key_algorithm {
            None => None,
            Some(KeyAlgorithm::RS256) => Some(RS256),
            Some(KeyAlgorithm::RS384) => Some(RS384),
            Some(KeyAlgorithm::RS512) => Some(RS512),
            Some(KeyAlgorithm::ES256) => Some(ES256),
            Some(KeyAlgorithm::ES384) => Some(ES384),
            Some(KeyAlgorithm::EdDSA) => Some(EdDSA),
            Some(_) => return None,
        };
        let algorithms = match named {
            None => fits.to_vec(),
            Some(named) if fits.contains(&named) => vec![named],
            Some(_) => return None,
        };
        Some(Self { kid: jwk.common.key_id.clone(), algorithms, key: DecodingKey::from_jwk(&jwk).ok()? })
    }

    /// Whether this key signed a token.
    pub(crate) fn verifies(&self, token: &Unverified) -> bool {
        self.algorithms.contains(&token.algorithm)
            && jsonwebtoken::crypto::verify(token.signature, token.message.as_bytes(), &self.key, token.algorithm)
                .unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;

    fn base64(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Two keys, as a provider publishes them and as it signs with them.
    fn provider() -> (Value, EncodingKey, EncodingKey) {
        let edwards = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let public = Ed25519KeyPair::from_pkcs8(edwards.as_ref()).unwrap();
        let curve = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let point = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, curve.as_ref()).unwrap();
        let point = point.public_key().as_ref().to_vec();
        let document = json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "use": "sig", "x": base64(public.public_key().as_ref())},
            {"kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ES256", "x": base64(&point[1..33]), "y": base64(&point[33..])},
            {"kty": "EC", "crv": "P-256", "kid": "enc", "use": "enc", "x": base64(&point[1..33]), "y": base64(&point[33..])},
            {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
            {"kty": "new", "kid": "unknown"},
            "nonsense",
        ]});
        (document, EncodingKey::from_ed_der(edwards.as_ref()), EncodingKey::from_ec_der(curve.as_ref()))
    }

    fn sign(algorithm: Algorithm, kid: Option<&str>, key: &EncodingKey) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
        encode(&header, &json!({"iss": "https://i", "sub": "s", "aud": "a", "exp": 9}), key).unwrap()
    }

    #[test]
    fn keys_verify_what_they_signed_and_nothing_else() {
        let (document, edwards, curve) = provider();
        let keys = Keys::parse(document.to_string().as_bytes()).unwrap();
        assert_eq!(keys.0.len(), 2);
        let verified = |token: &str| {
            let token = Unverified::parse(token).ok()?;
            keys.find(&token).map(|key| key.verifies(&token))
        };
        let good = sign(Algorithm::EdDSA, Some("ed"), &edwards);
        assert_eq!(verified(&good), Some(true));
        assert_eq!(verified(&sign(Algorithm::ES256, Some("ec"), &curve)), Some(true));
        // The key of another name, also with that other's algorithm; a key for something else; none.
        assert_eq!(verified(&sign(Algorithm::EdDSA, Some("ec"), &edwards)), Some(false));
        assert_eq!(verified(&sign(Algorithm::ES256, Some("ed"), &curve)), Some(false));
        assert_eq!(verified(&sign(Algorithm::ES256, Some("enc"), &curve)), None);
        assert_eq!(verified(&sign(Algorithm::EdDSA, None, &edwards)), None);
        // The published key as a shared secret.
        let secret = EncodingKey::from_secret(document["keys"][1]["x"].as_str().unwrap().as_bytes());
        assert_eq!(verified(&sign(Algorithm::HS256, Some("ec"), &secret)), None);
        for at in 0..good.len() {
            let mut altered = good.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            // The last character of base64 has bits that mean nothing; ours must then be refused as malformed.
            assert_ne!(verified(&String::from_utf8(altered).unwrap()), Some(true), "character {at}");
        }
    }

    #[test]
    fn documents_that_are_no_key_sets_are_refused() {
        for text in ["", "{}", "[]", r#"{"keys":{}}"#] {
            assert!(Keys::parse(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Keys::parse(br#"{"keys":[]}"#).unwrap().0.is_empty());
    }
}
