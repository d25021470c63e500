//! What the store is asked to encrypt an upload with: what its repository says, if the operator wants that.

use ::blobs::ObjectEncryption;
use types::Encryption;

use crate::App;
use crate::repositories::{RepositoryRow, Settings};

/// The encryption of everything that is stored of an upload to a repository. None leaves it to the bucket.
pub(super) fn of_upload(app: &App, repository: &RepositoryRow) -> Option<ObjectEncryption> {
    app.config.repository_encryption.then(|| of_repository(repository))
}

/// What a repository asks for, in the words of the store. The key of the registry that a repository shows if its creator named
/// none is known to nobody but us, so the store takes its own.
fn of_repository(repository: &RepositoryRow) -> ObjectEncryption {
    let named = |key: &str| (key != Settings::default_kms_key(&repository.registry)).then(|| key.to_owned());
    match &repository.encryption {
        Encryption::Aes256 => ObjectEncryption::Aes256,
        Encryption::Kms { key } => ObjectEncryption::Kms { key: named(key) },
        Encryption::KmsDsse { key } => ObjectEncryption::KmsDsse { key: named(key) },
    }
}

#[cfg(test)]
mod tests {
    use types::{RegistryId, TagMutability, Timestamp};

    use super::*;

    #[test]
    fn a_repository_is_encrypted_as_it_says_and_with_no_key_that_was_made_up() {
        let registry = RegistryId { account: "111122223333".parse().unwrap(), region: "eu-west-1".parse().unwrap() };
        let elsewhere = RegistryId { region: "eu-west-2".parse().unwrap(), ..registry.clone() };
        let (own, other) = (Settings::default_kms_key(&registry), Settings::default_kms_key(&elsewhere));
        let of = |kind: &str, key: Option<&str>| {
            of_repository(&RepositoryRow {
                repository_id: "r".to_owned(),
                registry: registry.clone(),
                name: "app".parse().unwrap(),
                tag_mutability: TagMutability::default(),
                encryption: Encryption::new(kind, key.map(str::to_owned)).unwrap(),
                scan_on_push: false,
                created_at: Timestamp::from_micros(0),
            })
        };
        let key = |key: &str| Some(key.to_owned());
        assert_eq!(of("AES256", None), ObjectEncryption::Aes256);
        assert_eq!(of("KMS", Some(&own)), ObjectEncryption::Kms { key: None });
        assert_eq!(of("KMS_DSSE", Some(&own)), ObjectEncryption::KmsDsse { key: None });
        assert_eq!(of("KMS", Some("alias/mine")), ObjectEncryption::Kms { key: key("alias/mine") });
        assert_eq!(of("KMS_DSSE", Some("alias/mine")), ObjectEncryption::KmsDsse { key: key("alias/mine") });
        assert_eq!(of("KMS", Some(&other)), ObjectEncryption::Kms { key: key(&other) });
    }
}
