//! `encryptionConfiguration`: how what is pushed is to be encrypted. Whether the storage is asked for it is the operator's
//! setting. Keys are kept as the client gave them, which is how the storage is told of them, and shown as ECR shows them.

use app::repositories::Settings;
use aws::invalid_parameter;
use serde::{Deserialize, Serialize};
use types::{Encryption, RegistryId};

use crate::error::Error;

/// `EncryptionConfiguration`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EncryptionConfiguration {
    encryption_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key: Option<String>,
}

impl EncryptionConfiguration {
    /// Reads it; KMS without a key gets the one of the registry.
    pub(crate) fn read(&self, registry: &RegistryId) -> Result<Encryption, Error> {
        let kind = self.encryption_type.as_str();
        if !["AES256", "KMS", "KMS_DSSE"].contains(&kind) {
            let set = "must satisfy enum value set: [AES256, KMS, KMS_DSSE]";
            return Err(invalid_parameter("encryptionType", set).into());
        }
        let key = match &self.kms_key {
            // The storage is told of it in a header.
            Some(key) if !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                let constraint = "must satisfy regular expression pattern: [!-~]+";
                return Err(invalid_parameter("kmsKey", constraint).into());
            }
            Some(key) => Some(key.clone()),
            None if kind == "AES256" => None,
            None => Some(Settings::default_kms_key(registry)),
        };
        Encryption::new(kind, key).map_err(|error| invalid_parameter("kmsKey", error.to_string()).into())
    }

    /// Shows it. An id alone stands for the key of that id in the same registry; ARNs and aliases are shown as they are.
    pub(crate) fn new(registry: &RegistryId, encryption: &Encryption) -> Self {
        let key = encryption.key().map(|key| match is_key_id(key) {
            true => format!("arn:aws:kms:{}:{}:key/{key}", registry.region, registry.account),
            false => key.to_owned(),
        });
        Self { encryption_type: encryption.kind().to_owned(), kms_key: key }
    }
}

/// Whether a text has the form of a UUID.
fn is_key_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> RegistryId {
        RegistryId { account: "111122223333".parse().unwrap(), region: "eu-west-1".parse().unwrap() }
    }

    fn read(kind: &str, key: Option<&str>) -> Result<Encryption, Error> {
        EncryptionConfiguration { encryption_type: kind.to_owned(), kms_key: key.map(str::to_owned) }.read(&registry())
    }

    #[test]
    fn a_key_is_kept_as_it_was_given_and_shown_as_an_arn() {
        let id = "0a1b2c3d-0000-4000-8000-0123456789ab";
        let arn = format!("arn:aws:kms:eu-west-1:111122223333:key/{id}");
        for (given, shown) in [(id, arn.as_str()), (arn.as_str(), arn.as_str()), ("alias/mine", "alias/mine")] {
            let kept = read("KMS", Some(given)).unwrap();
            assert_eq!(kept.key(), Some(given));
            assert_eq!(EncryptionConfiguration::new(&registry(), &kept).kms_key.as_deref(), Some(shown));
        }
        let default = read("KMS_DSSE", None).unwrap();
        let key = Settings::default_kms_key(&registry());
        assert_eq!(EncryptionConfiguration::new(&registry(), &default).kms_key, Some(key));
    }

    #[test]
    fn a_key_that_fits_into_no_header_is_refused() {
        for key in ["", "two\nlines", "a b", "schlüssel"] {
            assert!(read("KMS", Some(key)).is_err(), "{key}");
        }
    }
}
