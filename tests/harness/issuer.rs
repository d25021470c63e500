//! An identity provider (OpenID Connect) on this machine: it publishes its keys, counts who asks for them, signs tokens as it
//! is told to, and misbehaves when a test wants it to.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with SHA-256.
    RS256,
    /// ECDSA on P-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

/// All that it signs with.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// What it does when it is asked for its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It answers.
    Good,
    /// It answers 500.
    Failing,
    /// It says that its keys are elsewhere.
    KeysAt(String),
    /// It says that it is somebody else.
    Posing,
    /// It sends everybody elsewhere.
    Redirecting(String),
}

struct Keys {
    generation: usize,
    rsa: RsaKeyPair,
    curve: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
}

struct State {
    url: String,
    keys: Mutex<Keys>,
    mood: Mutex<Mood>,
    asked: AtomicUsize,
}

/// A running provider.
#[derive(Clone)]
pub struct Issuer(Arc<State>);

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Keys {
    fn generate(generation: usize) -> Self {
        let random = SystemRandom::new();
        let curve = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let edwards = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        Self {
            generation,
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"),
            curve: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, curve.as_ref()).expect("a key"),
            edwards: Ed25519KeyPair::from_pkcs8(edwards.as_ref()).expect("a key"),
        }
    }

    fn kid(&self, algorithm: Algorithm) -> String {
        format!("{algorithm:?}-{}", self.generation)
    }

    fn published(&self) -> Value {
        let public = self.rsa.public_key();
        let point = self.curve.public_key().as_ref();
        json!({ "keys": [
            { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid(Algorithm::RS256),
              "n": base64(public.modulus().big_endian_without_leading_zero()),
              "e": base64(public.exponent().big_endian_without_leading_zero()) },
            { "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid(Algorithm::ES256),
              "x": base64(&point[1..33]), "y": base64(&point[33..]) },
            { "kty": "OKP", "crv": "Ed25519", "kid": self.kid(Algorithm::EdDSA),
              "x": base64(self.edwards.public_key()) },
        ] })
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::RS256 => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("a signature");
                signature
            }
            Algorithm::ES256 => self.curve.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Algorithm::EdDSA => self.edwards.sign(message).as_ref().to_vec(),
        }
    }
}

impl Issuer {
    /// Starts one on a free port. It answers from a thread of its own: tests block while an AWS client runs.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let state = Arc::new(State {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            keys: Mutex::new(Keys::generate(0)),
            mood: Mutex::new(Mood::Good),
            asked: AtomicUsize::new(0),
        });
        let own = Self(Arc::clone(&state));
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let mut request = vec![0; 8192];
                let length = stream.read(&mut request).unwrap_or_default();
                let answer = Self(Arc::clone(&state)).answer(&String::from_utf8_lossy(&request[..length]));
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        own
    }

    /// The issuer, as tokens name it.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The issuer without its scheme, as ARNs and condition keys name it.
    pub fn host(&self) -> &str {
        self.url().trim_start_matches("http://")
    }

    /// How many requests for its keys there were.
    pub fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Changes what it does.
    pub fn set(&self, mood: Mood) {
        *self.0.mood.lock().expect("nobody panicked") = mood;
    }

    /// Makes new keys, under other names; the old ones are published no more.
    pub fn rotate(&self) {
        let mut keys = self.0.keys.lock().expect("nobody panicked");
        *keys = Keys::generate(keys.generation + 1);
    }

    /// A token about somebody for an audience, good for five minutes.
    pub fn token(&self, subject: &str, audience: &str) -> String {
        self.sign(Algorithm::RS256, &self.claims(subject, audience))
    }

    /// The claims of such a token.
    pub fn claims(&self, subject: &str, audience: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
        json!({ "iss": self.url(), "sub": subject, "aud": audience, "iat": now, "nbf": now, "exp": now + 300 })
    }

    /// A token with these claims.
    pub fn sign(&self, algorithm: Algorithm, claims: &Value) -> String {
        let kid = self.0.keys.lock().expect("nobody panicked").kid(algorithm);
        self.sign_with(algorithm, &json!({ "typ": "JWT", "alg": format!("{algorithm:?}"), "kid": kid }), claims)
    }

    /// A token with any header, signed with one of the keys.
    pub fn sign_with(&self, algorithm: Algorithm, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let keys = self.0.keys.lock().expect("nobody panicked");
        let signature = keys.sign(algorithm, message.as_bytes());
        format!("{message}.{}", base64(signature))
    }

    /// The keys that it publishes now.
    pub fn published(&self) -> Value {
        self.0.keys.lock().expect("nobody panicked").published()
    }

    fn answer(&self, request: &str) -> String {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let mood = self.0.mood.lock().expect("nobody panicked").clone();
        let answer = |status: &str, headers: &str, body: &str| {
            let length = body.len();
            format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}")
        };
        let json = |value: &Value| answer("200 OK", "Content-Type: application/json\r\n", &value.to_string());
        match (path, mood) {
            (_, Mood::Redirecting(to)) => answer("302 Found", &format!("Location: {to}\r\n"), ""),
            (_, Mood::Failing) => {
                self.0.asked.fetch_add(1, Ordering::SeqCst);
                answer("500 Internal Server Error", "", "")
            }
            ("/.well-known/openid-configuration", mood) => {
                let issuer = if mood == Mood::Posing { "https://accounts.example.com" } else { self.url() };
                let keys = match mood {
                    Mood::KeysAt(url) => url,
                    _ => format!("{}/keys", self.url()),
                };
                json(&json!({ "issuer": issuer, "jwks_uri": keys }))
            }
            ("/keys", _) => {
                self.0.asked.fetch_add(1, Ordering::SeqCst);
                json(&self.published())
            }
            _ => answer("404 Not Found", "", ""),
        }
    }
}
