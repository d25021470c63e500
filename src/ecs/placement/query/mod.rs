//! The cluster query language: which hosts an expression is about.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html>
//!
//! `subject operator [argument]`, joined by `&&`, `||`, `!` and parentheses, or by `and`, `or`, `not`. Operators have names,
//! too. Patterns are Java's, as far as they can be matched in linear time: no look-around and no back-references.

mod parse;
mod term;
#[cfg(test)]
mod tests;

use self::term::{Subject, Term};
use super::Host;

pub(crate) use self::parse::{Malformed, parse};

/// An expression of the language.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    /// All of them hold.
    All(Vec<Expression>),
    /// One of them holds.
    Any(Vec<Expression>),
    /// It does not hold.
    Not(Box<Expression>),
    /// What one term says.
    Term(Term),
}

impl Expression {
    /// Whether it is about the tasks of hosts, and not about hosts alone.
    pub(crate) fn asks_for_tasks(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks_for_tasks),
            Self::Not(part) => part.asks_for_tasks(),
            Self::Term(term) => matches!(term.subject, Subject::RunningTasksCount | Subject::TaskGroup),
        }
    }

    /// Whether it holds for a host.
    pub(crate) fn matches(&self, host: &Host) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(host)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(host)),
            Self::Not(part) => !part.matches(host),
            Self::Term(term) => term.matches(host),
        }
    }
}
