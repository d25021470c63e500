//! What has to hold for the host of a task.

use super::query::{self, Expression};
use super::{Host, Reason};
use crate::error::{Error, Result};

/// A placement constraint.
#[derive(Debug, Clone)]
pub(crate) enum Constraint {
    /// No other task of its group is there.
    DistinctInstance,
    /// The host is one of those that an expression is about.
    MemberOf(Expression),
}

impl Constraint {
    /// Reads one as it is on the wire.
    pub(crate) fn read(kind: &str, expression: Option<&str>) -> Result<Self> {
        let expression = expression.filter(|expression| !expression.is_empty());
        match (kind, expression) {
            ("distinctInstance", None) => Ok(Self::DistinctInstance),
            ("distinctInstance", Some(_)) => Err(Error::InvalidParameter(
                "An expression is not supported for placement constraints of type distinctInstance.".to_owned(),
            )),
            ("memberOf", Some(expression)) => match query::parse(expression) {
                Ok(expression) => Ok(Self::MemberOf(expression)),
                Err(query::Malformed(what)) => {
                    Err(Error::InvalidParameter(format!("Invalid placement constraint expression: {what}.")))
                }
            },
            ("memberOf", None) => Err(Error::InvalidParameter(
                "An expression is required for placement constraints of type memberOf.".to_owned(),
            )),
            _ => Err(Error::InvalidParameter(
                "Invalid placement constraint type. Valid values are distinctInstance and memberOf.".to_owned(),
            )),
        }
    }

    /// Whether it is about tasks of hosts other than those of the same group.
    pub(crate) fn asks_for_tasks(&self) -> bool {
        match self {
            Self::DistinctInstance => false,
            Self::MemberOf(expression) => expression.asks_for_tasks(),
        }
    }

    pub(super) fn holds(&self, host: &Host, group: &str) -> bool {
        match self {
            Self::DistinctInstance => host.tasks_of(group) == 0,
            Self::MemberOf(expression) => expression.matches(host),
        }
    }

    pub(super) fn reason(&self) -> Reason {
        match self {
            Self::DistinctInstance => Reason::DistinctInstance,
            Self::MemberOf(_) => Reason::MemberOf,
        }
    }
}
