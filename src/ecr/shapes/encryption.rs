//! `encryptionConfiguration`. It is kept and shown; what is stored is encrypted as the storage does it, since repositories
//! share the bytes of equal layers.

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
            // An id alone stands for the key of that id in the same registry; ARNs and aliases are kept as they are.
            Some(key) if is_key_id(key) => {
                Some(format!("arn:aws:kms:{}:{}:key/{key}", registry.region, registry.account))
            }
            Some(key) => Some(key.clone()),
            None if kind == "AES256" => None,
            None => Some(Settings::default_kms_key(registry)),
        };
        Encryption::new(kind, key).map_err(|error| invalid_parameter("kmsKey", error.to_string()).into())
    }
}

impl From<&Encryption> for EncryptionConfiguration {
    fn from(encryption: &Encryption) -> Self {
        Self { encryption_type: encryption.kind().to_owned(), kms_key: encryption.key().map(str::to_owned) }
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
