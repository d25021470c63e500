//! Policy documents that were parsed, by what they say. A snapshot takes over what the one before it has parsed, so that a change
//! to one of many policies parses that one; and many documents that say the same, as a creation template gives them to
//! repositories, are one in memory.

use std::collections::HashMap;
use std::sync::Arc;

use policy::{Document, Kind, Policy};
use sha2::{Digest as _, Sha256};

use super::labeled;

/// Those of a snapshot.
#[derive(Default)]
pub(super) struct Documents(HashMap<(Kind, [u8; 32]), Arc<Document>>);

/// Those of a snapshot that is being read.
pub(super) struct Parsing<'d> {
    before: &'d Documents,
    now: Documents,
}

impl<'d> Parsing<'d> {
    /// After a snapshot that had these.
    pub(super) fn after(before: &'d Documents) -> Self {
        Self { before, now: Documents::default() }
    }

    /// A policy from the database.
    pub(super) fn stored(&mut self, text: &str, kind: Kind, label: &str) -> Policy {
        let key = (kind, Sha256::digest(text).into());
        let known = || self.before.0.get(&key).cloned();
        let parsed = || known().unwrap_or_else(|| Arc::new(Document::from_stored(text, kind)));
        labeled(Arc::clone(self.now.0.entry(key).or_insert_with(parsed)), label)
    }

    /// What was asked for.
    pub(super) fn finish(self) -> Documents {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}"#;

    #[test]
    fn what_says_the_same_is_parsed_once_and_taken_over() {
        let none = Documents::default();
        let mut first = Parsing::after(&none);
        let one = first.stored(TEXT, Kind::Identity, "one");
        let other = first.stored(TEXT, Kind::Identity, "other");
        assert!(Arc::ptr_eq(&one.document, &other.document));
        assert_eq!((&*one.label, &*other.label), ("one", "other"));
        // Of another kind it says something else, and nothing here: a policy of a repository names principals.
        let resource = first.stored(TEXT, Kind::Resource, "resource");
        assert!(one.document.fault().is_none() && resource.document.fault().is_some());
        let first = first.finish();
        let mut second = Parsing::after(&first);
        assert!(Arc::ptr_eq(&one.document, &second.stored(TEXT, Kind::Identity, "again").document));
        let changed = second.stored(&TEXT.replace("Allow", "Deny"), Kind::Identity, "one");
        assert_ne!(one.document, changed.document);
        // What is in use no more is forgotten.
        assert_eq!((first.0.len(), second.finish().0.len()), (2, 2));
    }
}
