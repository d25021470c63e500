//! A policy document in the form that evaluation uses. How text becomes a document is in `parse`; the text itself is
//! not kept: whoever stores a policy gives it back as it was sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::condition::Condition;
use crate::error::{Error, Result};
use crate::parse;
use crate::pattern::Pattern;
use crate::principal_set::{NamedPrincipal, PrincipalSet};

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// `2008-10-17`, also when a document names no version, as on AWS. Policy variables are plain text in it.
    #[default]
    V2008,
    /// `2012-10-17`.
    V2012,
}

impl Version {
    /// Whether `${…}` is a variable.
    pub(crate) fn has_variables(self) -> bool {
        self == Version::V2012
    }
}

/// What a document is attached to, which decides the elements that it must and must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Attached to a user, group or role, or used as a permissions boundary, session policy or guard: it names actions
    /// and resources, and no principal.
    Identity,
    /// Attached to a repository or registry: it names principals. Without `Resource` it speaks of what it hangs on.
    Resource,
    /// Attached to a role, saying who may assume it: it names principals and actions, and no resource.
    Trust,
}

/// What a statement does when it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// A policy document. Cheap to evaluate and meant to be parsed once and shared.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub(crate) kind: Kind,
    pub(crate) version: Version,
    pub(crate) id: Option<String>,
    /// An error stands for a stored document that can no longer be read. It denies everything: a statement in it may
    /// have been a `Deny`, and nobody can tell of what.
    pub(crate) statements: Result<Vec<Statement>>,
}

/// One statement of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sid: Option<Arc<str>>,
    pub(crate) effect: Effect,
    /// Absent in identity policies only.
    pub(crate) principal: Option<Selection<PrincipalSet>>,
    pub(crate) action: Selection<Vec<Pattern>>,
    /// Absent: whatever the document is attached to.
    pub(crate) resource: Option<Selection<Vec<Pattern>>>,
    pub(crate) conditions: Vec<Condition>,
}

/// An element or its `Not…` form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Selection<T> {
    /// What is listed.
    Only(T),
    /// Everything but what is listed.
    AllBut(T),
}

impl Document {
    /// Reads and validates a document completely. `limit` is the greatest number of bytes for this kind of policy.
    pub fn parse(text: &str, kind: Kind, limit: usize) -> Result<Self> {
        if text.len() > limit {
            return Err(Error::TooLong { length: text.len(), limit });
        }
        parse::document(text, kind)
    }

    /// Reads a document that was accepted earlier. If it cannot be read any more (a damaged row, a newer release's
    /// syntax), the result is a document that denies everything; [`Document::fault`] says why.
    pub fn from_stored(text: &str, kind: Kind) -> Self {
        parse::document(text, kind).unwrap_or_else(|error| Self {
            kind,
            version: Version::default(),
            id: None,
            statements: Err(error),
        })
    }

    /// Why this stored document denies everything, if it does.
    pub fn fault(&self) -> Option<&Error> {
        self.statements.as_ref().err()
    }

    /// What the document is attached to.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The version of the language it is written in.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The element `Id`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The users, roles and accounts that the document names as `Principal` or `NotPrincipal`, in the order of the text.
    /// Empty for a stored document that cannot be read.
    pub fn principals(&self) -> impl Iterator<Item = NamedPrincipal<'_>> {
        let sets = self.statements.iter().flatten().filter_map(|statement| statement.principal.as_ref());
        sets.flat_map(|(Selection::Only(set) | Selection::AllBut(set))| set.named())
    }

    /// The condition keys that the document asks for, each once, spelled as where it is first written. Empty for a
    /// stored document that cannot be read.
    pub fn context_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        let mut seen = BTreeSet::new();
        for statement in self.statements.iter().flatten() {
            let resource = statement.resource.iter().flat_map(|resource| match resource {
                Selection::Only(patterns) | Selection::AllBut(patterns) => patterns,
            });
            let variables = resource.flat_map(Pattern::context_keys);
            for key in variables.chain(statement.conditions.iter().flat_map(Condition::context_keys)) {
                if seen.insert(key.to_lowercase()) {
                    keys.push(key);
                }
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_keys_of_a_document_are_listed_once() {
        let text = r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"*","Resource":["arn:aws:ecr:*:*:repository/${aws:username}","*"],
             "Condition":{"StringLike":{"aws:UserAgent":["${AWS:UserName}","${aws:PrincipalTag/team, 'x'}"]}}},
            {"Effect":"Deny","Action":"*","NotResource":"arn:aws:ecr:*:*:repository/${aws:userid}",
             "Condition":{"Null":{"AWS:useragent":true},"Bool":{"aws:SecureTransport":false}}}]}"#;
        let document = Document::parse(text, Kind::Identity, 10_000).unwrap();
        let expected = ["aws:username", "aws:UserAgent", "aws:PrincipalTag/team", "aws:userid", "aws:SecureTransport"];
        assert_eq!(document.context_keys(), expected);
        assert!(Document::from_stored("{", Kind::Identity).context_keys().is_empty());
    }
}
