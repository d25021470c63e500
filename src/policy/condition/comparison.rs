//! The values that a policy compares a condition key with, in the type of their operator, and the comparison.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::address::Network;
use super::operator::{Order, Test};
use super::{base64, instant, number::Number};
use crate::document::Version;
use crate::error::Result;
use crate::json::Node;
use crate::pattern::{Pattern, Wildcards, fold};
use crate::place::{Place, Shown};
use crate::request::Scope;

/// The policy's side of a comparison: an operator's values, one of which must compare.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Comparison {
    Text(Vec<Pattern>),
    FoldedText(Vec<Pattern>),
    Arn(Vec<Pattern>),
    Number(Order, Vec<Number>),
    Date(Order, Vec<DateTime<Utc>>),
    Bool(Vec<bool>),
    Binary(Vec<Vec<u8>>),
    Address(Vec<Network>),
    /// Whether the key must be absent. Not a comparison of values: the caller asks.
    Null(Vec<bool>),
}

impl Comparison {
    /// Reads the values for a test.
    pub(crate) fn parse(test: Test, node: &Node, version: Version, place: &Place) -> Result<Self> {
        let values = scalars(node, place)?;
        let compile = |wildcards, fold| -> Result<Vec<Pattern>> {
            values.iter().map(|value| Pattern::compile(value, wildcards, fold, version, place)).collect()
        };
        Ok(match test {
            Test::StringEquals => Self::Text(compile(Wildcards::None, false)?),
            Test::StringLike => Self::Text(compile(Wildcards::Across, false)?),
            Test::StringEqualsIgnoreCase => Self::FoldedText(compile(Wildcards::None, true)?),
            Test::Arn => {
                let patterns = compile(Wildcards::Across, false)?;
                if patterns.iter().any(|pattern| !pattern.is_any() && !pattern.may_be_arn()) {
                    return Err(place.error("must be an ARN with its six fields"));
                }
                Self::Arn(patterns)
            }
            Test::Numeric(order) => Self::Number(order, typed(&values, place, "a number", Number::parse)?),
            Test::Date(order) => Self::Date(order, typed(&values, place, "a date", instant::parse)?),
            Test::Bool => Self::Bool(typed(&values, place, "true or false", boolean)?),
            Test::BinaryEquals => Self::Binary(typed(&values, place, "base64", base64::decode)?),
            Test::IpAddress => Self::Address(typed(&values, place, "an address or a CIDR block", Network::parse)?),
            Test::Null => Self::Null(typed(&values, place, "true or false", boolean)?),
        })
    }

    /// How many values of the policy there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(values) | Self::FoldedText(values) | Self::Arn(values) => values.len(),
            Self::Number(_, values) => values.len(),
            Self::Date(_, values) => values.len(),
            Self::Bool(values) | Self::Null(values) => values.len(),
            Self::Binary(values) => values.len(),
            Self::Address(values) => values.len(),
        }
    }

    /// The patterns of values that may have policy variables.
    pub(crate) fn patterns(&self) -> &[Pattern] {
        match self {
            Self::Text(patterns) | Self::FoldedText(patterns) | Self::Arn(patterns) => patterns,
            _ => &[],
        }
    }

    /// Whether a value of the request compares with any value of the policy. Nothing when that has no answer: the
    /// value is not of the operator's type, or a policy variable is unknown, and no other value compares.
    pub(crate) fn any(&self, value: &str, scope: &Scope) -> Option<bool> {
        match self {
            Self::Text(patterns) => any(patterns, |pattern| pattern.matches(value, scope)),
            Self::FoldedText(patterns) => {
                let value = fold(value);
                any(patterns, |pattern| pattern.matches(&value, scope))
            }
            Self::Arn(patterns) => any(patterns, |pattern| pattern.matches_arn(value, scope)),
            Self::Number(order, bounds) => {
                let value = Number::parse(value)?;
                Some(bounds.iter().any(|bound| order.holds(&value, bound)))
            }
            Self::Date(order, bounds) => {
                let value = instant::parse(value)?;
                Some(bounds.iter().any(|bound| order.holds(&value, bound)))
            }
            Self::Bool(wanted) | Self::Null(wanted) => Some(wanted.contains(&boolean(value)?)),
            Self::Binary(wanted) => Some(wanted.contains(&base64::decode(value)?)),
            Self::Address(networks) => {
                let address: IpAddr = value.parse().ok()?;
                Some(networks.iter().any(|network| network.contains(address)))
            }
        }
    }
}

fn any(patterns: &[Pattern], mut compare: impl FnMut(&Pattern) -> Option<bool>) -> Option<bool> {
    let mut result = Some(false);
    for pattern in patterns {
        match compare(pattern) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => result = None,
        }
    }
    result
}

/// Values may be written as strings, numbers or booleans whatever the operator, as on AWS.
fn scalars(node: &Node, place: &Place) -> Result<Vec<String>> {
    let scalar = |node: &Node| match node {
        Node::Text(text) | Node::Number(text) => Ok(text.clone()),
        Node::Bool(value) => Ok(value.to_string()),
        other => Err(place.error(format!("must be a string, a number or a boolean, not {}", other.describe()))),
    };
    node.one_or_more(place)?.iter().map(scalar).collect()
}

fn typed<T>(values: &[String], place: &Place, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    let typed =
        |value: &String| parse(value).ok_or_else(|| place.error(format!("must be {wanted}, not {}", Shown(value))));
    values.iter().map(typed).collect()
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
