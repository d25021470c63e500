//! Ids of temporary access keys. They hold the account in the way in which AWS's do, so that whoever finds such an id can
//! tell whose it is; nothing else is known of it without its session token.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use types::AccountId;

use crate::{Error, Result};

const PREFIX: &str = "ASIA";
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Ten bytes are sixteen characters of five bits.
const BYTES: usize = 10;
/// The account takes 40 bits, after one and before the rest, which are random.
const SHIFT: u32 = 39;
const ACCOUNT: u128 = (1 << 40) - 1;

/// A new id for a key of an account.
pub(crate) fn generate(account: &AccountId) -> Result<String> {
    let mut random = [0; BYTES];
    SystemRandom::new().fill(&mut random).map_err(|_| Error::Internal)?;
    let number: u128 = account.as_str().parse().map_err(|_| Error::Internal)?;
    let bits = random.iter().fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
    let bits = bits & !(ACCOUNT << SHIFT) | (number & ACCOUNT) << SHIFT;
    let character = |at: u32| char::from(ALPHABET[(bits >> (75 - 5 * at)) as usize & 31]);
    Ok((0..16).map(character).fold(PREFIX.to_owned(), |mut id, character| {
        id.push(character);
        id
    }))
}

/// The account that such an id holds.
pub fn account(access_key_id: &str) -> Option<AccountId> {
    let text = access_key_id.strip_prefix(PREFIX).filter(|text| text.len() == 16)?;
    let mut bits = 0;
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|character| *character == byte)?;
        bits = bits << 5 | value as u128;
    }
    format!("{:012}", bits >> SHIFT & ACCOUNT).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_account() {
        for text in ["000000000000", "111122223333", "999999999999"] {
            let id = generate(&text.parse().unwrap()).unwrap();
            assert_eq!(id.len(), 20);
            assert_eq!(account(&id).unwrap().as_str(), text);
            assert_ne!(id, generate(&text.parse().unwrap()).unwrap());
        }
        // As published tools read ids of AWS.
        assert_eq!(account("ASIAQNZGKIQY56JQ7WML").unwrap().as_str(), "029608264753");
        for other in ["AKIAQNZGKIQY56JQ7WML", "ASIA", "ASIAQNZGKIQY56JQ7WM1", "ASIAQNZGKIQY56JQ7WMLA"] {
            assert!(account(other).is_none(), "{other}");
        }
    }
}
