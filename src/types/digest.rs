//! Content digests, as the OCI Image specification ("Descriptors", section "Digests") defines them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest as _, Sha256, Sha512};

use crate::{Invalid, shown};

/// A digest algorithm that Wharf stores content under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `sha256`, 64 hexadecimal digits; what clients use unless told otherwise.
    Sha256,
    /// `sha512`, 128 hexadecimal digits.
    Sha512,
}

impl Algorithm {
    /// The registered identifier.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hexadecimal digits an encoded digest has.
    pub fn encoded_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    /// The digest of `bytes`.
    pub fn digest(self, bytes: &[u8]) -> Digest {
        let encoded = match self {
            Self::Sha256 => hex::encode(Sha256::digest(bytes)),
            Self::Sha512 => hex::encode(Sha512::digest(bytes)),
        };
        Digest::from_encoded(self, &encoded)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            _ => {
                Err(Invalid::new(format!("digest algorithm '{}' is not supported; use sha256 or sha512", shown(text))))
            }
        }
    }
}

/// A digest of a supported algorithm, `sha256:<64 hex>` or `sha512:<128 hex>`, lowercase.
///
/// Content is kept and answered under the digest that its pusher used: the algorithm is part of the identity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Arc<str>);

impl Digest {
    /// A digest from its algorithm and lowercase hexadecimal digits that were computed, not received.
    pub fn from_encoded(algorithm: Algorithm, encoded: &str) -> Self {
        debug_assert_eq!(encoded.len(), algorithm.encoded_length());
        Self(format!("{algorithm}:{encoded}").into())
    }

    /// Whether a text is a digest by the grammar (image-spec, "Digests") of an algorithm that this registry does not know:
    /// nothing here has it, which is no error in a question.
    pub fn is_of_other_algorithm(text: &str) -> bool {
        let Some((algorithm, encoded)) = text.split_once(':') else { return false };
        let component = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        algorithm.split(['+', '.', '_', '-']).all(component)
            && algorithm.parse::<Algorithm>().is_err()
            && (1..=512).contains(&encoded.len())
            && encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=_-".contains(&byte))
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        if self.0.starts_with("sha512:") { Algorithm::Sha512 } else { Algorithm::Sha256 }
    }

    /// The hexadecimal digits.
    pub fn encoded(&self) -> &str {
        &self.0[self.algorithm().as_str().len() + 1..]
    }

    /// The whole text, `algorithm:encoded`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `bytes` have this digest.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        self.algorithm().digest(bytes) == *self
    }
}

impl FromStr for Digest {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Some((algorithm, encoded)) = text.split_once(':') else {
            return Err(Invalid::new(format!("digest '{}' has no algorithm", shown(text))));
        };
        let algorithm: Algorithm = algorithm.parse()?;
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if encoded.len() == algorithm.encoded_length() && encoded.bytes().all(hex) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(format!(
                "digest '{}' must be {algorithm}: and {} lowercase hexadecimal digits",
                shown(text),
                algorithm.encoded_length()
            )))
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_algorithms_round_trip() {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let digest = algorithm.digest(b"wharf");
            assert_eq!(digest.as_str().parse::<Digest>().unwrap(), digest);
            assert_eq!(digest.algorithm(), algorithm);
            assert_eq!(digest.encoded().len(), algorithm.encoded_length());
            assert!(digest.matches(b"wharf"));
            assert!(!digest.matches(b"wharf "));
        }
    }

    #[test]
    fn malformed_digests_are_refused() {
        let good = Algorithm::Sha256.digest(b"");
        for text in [
            String::new(),
            "latest".into(),
            "sha256:".into(),
            "sha256:abc".into(),
            "md5:d41d8cd98f00b204e9800998ecf8427e".into(),
            good.as_str().to_uppercase(),
            format!("sha256:{}", good.encoded().to_uppercase()),
            format!("sha512:{}", good.encoded()),
            format!("{good} "),
            format!("sha256:{}g", &good.encoded()[..63]),
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text:?} was accepted");
        }
    }
}
