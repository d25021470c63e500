//! Sealing of secrets for the database: AES-256-GCM under a key that is kept elsewhere.
//!
//! SigV4 needs secret access keys back, so they cannot be hashed; whoever reads the database alone learns nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use types::Secret;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// First byte of everything sealed; another way of sealing will have another.
const FORMAT: u8 = 1;
const NONCE: usize = 12;

/// Seals and opens secrets.
pub struct Sealer {
    key: RandomizedNonceKey,
}

impl Sealer {
    /// A sealer with the given key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self { key: RandomizedNonceKey::new(&AES_256_GCM, key).expect("AES-256 takes a key of 32 bytes") }
    }

    /// Seals `secret` for the row named by `owner`: it cannot be opened for another.
    pub fn seal(&self, owner: &str, secret: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = secret.to_vec();
        let nonce =
            self.key.seal_in_place_append_tag(Aad::from(owner.as_bytes()), &mut sealed).map_err(|_| Error::Internal)?;
        let mut out = Vec::with_capacity(1 + NONCE + sealed.len());
        out.push(FORMAT);
        out.extend_from_slice(nonce.as_ref());
        out.append(&mut sealed);
        Ok(out)
    }

    /// Opens what was sealed for `owner`. None if it was not, or with another key.
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (&format, rest) = sealed.split_first()?;
        let (nonce, sealed) = rest.split_at_checked(NONCE)?;
        if format != FORMAT {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let length = self.key.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut buffer).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }

    /// Like [`Sealer::open`], for text.
    pub fn open_text(&self, owner: &str, sealed: &[u8]) -> Option<Secret> {
        let bytes = self.open(owner, sealed)?;
        std::str::from_utf8(&bytes).ok().map(Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_text_opens_only_for_its_owner_and_key() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal("AKIA1", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(sealer.open_text("AKIA1", &sealed).unwrap().expose(), "secret");
        assert!(sealer.open("AKIA2", &sealed).is_none());
        assert!(Sealer::new(&[8; 32]).open("AKIA1", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(sealer.open("AKIA1", &altered).is_none(), "byte {at} was not protected");
        }
        assert!(sealer.open("AKIA1", &sealed[..5]).is_none());
    }
}
