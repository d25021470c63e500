//! JSON Web Tokens as an attacker makes them: taken apart, changed, signed with keys that the server never had. It cannot make
//! a valid one.

use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A token in its three parts.
#[derive(Clone, Debug)]
pub struct Token {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// The signature, encoded.
    pub signature: String,
}

impl Token {
    /// Takes a token apart.
    pub fn parse(token: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3, "a token has three parts: {token}");
        let decode = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).expect("the parts of a token are base64url");
            serde_json::from_slice(&bytes).expect("header and claims are JSON")
        };
        Self { header: decode(parts[0]), claims: decode(parts[1]), signature: parts[2].to_owned() }
    }

    /// With one header field set.
    #[must_use]
    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self
    }

    /// With one claim set.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    /// Without one claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().expect("claims are an object").remove(name);
        self
    }

    fn signed_part(&self) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }

    /// Put together with the signature it has.
    pub fn keep_signature(&self) -> String {
        format!("{}.{}", self.signed_part(), self.signature)
    }

    /// Put together without a signature.
    pub fn unsigned(&self) -> String {
        format!("{}.", self.signed_part())
    }

    /// Signed by HMAC with a key that is guessed.
    pub fn hmac(&self, key: &[u8]) -> String {
        let part = self.signed_part();
        format!("{part}.{}", URL_SAFE_NO_PAD.encode(hmac_sha256(key, part.as_bytes())))
    }

    /// Signed with an Ed25519 key of the attacker's.
    pub fn ed25519(&self, attacker: &Attacker) -> String {
        let part = self.signed_part();
        let signature = attacker.ed25519.sign(part.as_bytes());
        format!("{part}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Signed with a P-256 key of the attacker's.
    pub fn p256(&self, attacker: &Attacker) -> String {
        let part = self.signed_part();
        let signature = attacker.p256.sign(&SystemRandom::new(), part.as_bytes()).expect("P-256 signs");
        format!("{part}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Keys of the attacker's own.
pub struct Attacker {
    ed25519: Ed25519KeyPair,
    p256: EcdsaKeyPair,
}

impl Attacker {
    /// New keys.
    pub fn new() -> Self {
        Self {
            ed25519: Ed25519KeyPair::generate().expect("Ed25519 keys can be generated"),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("P-256 keys can be generated"),
        }
    }

    /// The Ed25519 public key as a JSON Web Key.
    pub fn ed25519_jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(self.ed25519.public_key().as_ref())})
    }

    /// The P-256 public key as a JSON Web Key.
    pub fn p256_jwk(&self) -> Value {
        let point: aws_lc_rs::encoding::EcPublicKeyUncompressedBin<'_> =
            self.p256.public_key().as_be_bytes().expect("a public key can be encoded");
        let point = point.as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    }
}

impl Default for Attacker {
    fn default() -> Self {
        Self::new()
    }
}

/// RFC 2104 over SHA-256.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    match key.len() <= 64 {
        true => block[..key.len()].copy_from_slice(key),
        false => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}
