//! Random passwords.

use app::Error as Rule;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use types::Secret;
use zeroize::Zeroizing;

use super::failures;
use crate::error::Error;

/// What a password is to be made of.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) length: usize,
    /// The kinds of characters; none of them empty.
    pub(crate) kinds: Vec<Vec<char>>,
    /// Whether there is to be one of each kind.
    pub(crate) each: bool,
}

/// Makes a password.
pub(crate) fn make(recipe: &Recipe) -> Result<Secret, Error> {
    let all: Vec<char> = recipe.kinds.concat();
    if all.is_empty() {
        return Err(failures::invalid("At least one character type must be included in the password."));
    }
    let required = if recipe.each { recipe.kinds.len() } else { 0 };
    if required > recipe.length {
        return Err(failures::invalid("The password length is too short based on the required types."));
    }
    let mut characters = Zeroizing::new(Vec::with_capacity(recipe.length));
    for kind in &recipe.kinds[..required] {
        characters.push(kind[below(kind.len())?]);
    }
    while characters.len() < recipe.length {
        characters.push(all[below(all.len())?]);
    }
    // Those that are required stand first until here.
    for place in (1..characters.len()).rev() {
        let other = below(place + 1)?;
        characters.swap(place, other);
    }
    Ok(Secret::new(characters.iter().collect::<String>()))
}

/// A random number below another, each as likely as every other.
fn below(bound: usize) -> Result<usize, Error> {
    let bound = u32::try_from(bound).map_err(|_| Rule::Internal)?;
    // What is above the last whole multiple would make small numbers likelier.
    let limit = u32::MAX - u32::MAX % bound;
    loop {
        let mut bytes = [0; 4];
        SystemRandom::new().fill(&mut bytes).map_err(|_| Rule::Internal)?;
        let number = u32::from_le_bytes(bytes);
        if number < limit {
            return Ok((number % bound) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(length: usize, kinds: &[&str], each: bool) -> Recipe {
        Recipe { length, kinds: kinds.iter().map(|kind| kind.chars().collect()).collect(), each }
    }

    #[test]
    fn a_password_has_its_length_and_one_of_each_kind() {
        for _ in 0..50 {
            let password = make(&recipe(3, &["ab", "12", "!"], true)).unwrap();
            let text = password.expose();
            assert_eq!(text.len(), 3);
            for kind in ["ab", "12", "!"] {
                assert!(text.contains(|character| kind.contains(character)), "{text}");
            }
        }
        assert_eq!(make(&recipe(4096, &["a"], false)).unwrap().expose().len(), 4096);
        assert!(make(&recipe(2, &["a", "b", "c"], true)).is_err());
        assert!(make(&recipe(2, &[], true)).is_err());
    }

    #[test]
    fn every_character_is_used() {
        let text = make(&recipe(2000, &["abc", "12"], true)).unwrap();
        assert!("abc12".chars().all(|character| text.expose().contains(character)));
    }
}
