//! How a repository is to be encrypted: ECR's `encryptionConfiguration`. It is fixed when the repository is created.

use crate::{Invalid, shown};

/// The three types of ECR.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Encryption {
    /// With keys of the storage.
    #[default]
    Aes256,
    /// With a key of KMS.
    Kms {
        /// ARN, id or alias of the key.
        key: String,
    },
    /// With a key of KMS, in two layers.
    KmsDsse {
        /// ARN, id or alias of the key.
        key: String,
    },
}

impl Encryption {
    /// The longest name of a key.
    pub const MAX_KEY_LENGTH: usize = 2048;

    /// A type as ECR spells it, with the key that its two KMS types have and the other one has not.
    pub fn new(kind: &str, key: Option<String>) -> Result<Self, Invalid> {
        if let Some(key) = &key
            && !(1..=Self::MAX_KEY_LENGTH).contains(&key.len())
        {
            return Err(Invalid::new(format!("a KMS key is named by 1 to {} characters", Self::MAX_KEY_LENGTH)));
        }
        match (kind, key) {
            ("AES256", None) => Ok(Self::Aes256),
            ("AES256", Some(_)) => Err(Invalid::new("encryption with AES256 takes no KMS key")),
            ("KMS", Some(key)) => Ok(Self::Kms { key }),
            ("KMS_DSSE", Some(key)) => Ok(Self::KmsDsse { key }),
            ("KMS" | "KMS_DSSE", None) => Err(Invalid::new("encryption with KMS needs a key")),
            _ => Err(Invalid::new(format!("encryption type '{}' is unknown", shown(kind)))),
        }
    }

    /// The type as ECR spells it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms { .. } => "KMS",
            Self::KmsDsse { .. } => "KMS_DSSE",
        }
    }

    /// The key of the KMS types.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Aes256 => None,
            Self::Kms { key } | Self::KmsDsse { key } => Some(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_types_of_kms_have_a_key() {
        for (kind, key) in [("AES256", None), ("KMS", Some("alias/k")), ("KMS_DSSE", Some("alias/k"))] {
            let encryption = Encryption::new(kind, key.map(str::to_owned)).unwrap();
            assert_eq!((encryption.kind(), encryption.key()), (kind, key));
        }
        for (kind, key) in [("AES256", Some("k")), ("KMS", None), ("KMS_DSSE", None), ("DES", None), ("KMS", Some(""))]
        {
            assert!(Encryption::new(kind, key.map(str::to_owned)).is_err(), "{kind} {key:?}");
        }
        assert_eq!(Encryption::default(), Encryption::Aes256);
    }
}
