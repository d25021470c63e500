//! Where in a document we are, so that an error can say it. A chain on the stack: nothing is allocated until an error
//! is made.

use std::fmt;

use crate::error::{Error, Flaw};

/// Names longer than this are cut in messages: a document's author chooses them, and they end up in logs.
const SHOWN: usize = 64;

/// One step on the way from the root of a document to the value that is being read.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The document itself.
    Root,
    /// A member of an object.
    Member(&'a Place<'a>, &'a str),
    /// An element of a list.
    Element(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    /// The member `name` of the object here.
    pub(crate) fn member(&'a self, name: &'a str) -> Place<'a> {
        Place::Member(self, name)
    }

    /// The element `index` of the list here.
    pub(crate) fn element(&'a self, index: usize) -> Place<'a> {
        Place::Element(self, index)
    }

    /// An error at this place.
    pub(crate) fn error(&self, problem: impl Into<String>) -> Error {
        self.flaw(Flaw::Syntax, problem)
    }

    /// An error that IAM has a text of its own for.
    pub(crate) fn flaw(&self, flaw: Flaw, problem: impl Into<String>) -> Error {
        Error::Invalid { place: self.to_string(), problem: problem.into(), flaw }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => formatter.write_str("document"),
            Place::Member(Place::Root, name) => write!(formatter, "{}", Shown(name)),
            Place::Member(parent, name) => write!(formatter, "{parent}.{}", Shown(name)),
            Place::Element(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

/// Text of the document's author, made fit for one line of a message.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars().take(SHOWN) {
            if character.is_control() {
                write!(formatter, "{}", character.escape_default())?;
            } else {
                write!(formatter, "{character}")?;
            }
        }
        if self.0.chars().nth(SHOWN).is_some() {
            formatter.write_str("…")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_a_path() {
        let root = Place::Root;
        let statements = root.member("Statement");
        let statement = statements.element(2);
        let condition = statement.member("Condition");
        assert_eq!(root.to_string(), "document");
        assert_eq!(condition.member("StringFoo").to_string(), "Statement[2].Condition.StringFoo");
    }

    #[test]
    fn names_in_messages_are_cut_and_stay_on_one_line() {
        assert_eq!(Shown("a\nb").to_string(), "a\\nb");
        assert_eq!(Shown(&"x".repeat(100)).to_string(), format!("{}…", "x".repeat(64)));
    }
}
