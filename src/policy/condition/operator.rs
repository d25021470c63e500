//! The names of condition operators: a quantifier, a comparison and `IfExists` in one word.

use crate::error::Result;
use crate::place::Place;

/// An operator taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) quantifier: Quantifier,
    pub(crate) test: Test,
    /// Whether it holds when no value of the policy compares.
    pub(crate) negated: bool,
    pub(crate) if_exists: bool,
}

/// How the values of a key in the request are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    /// The key has one value.
    Single,
    /// `ForAllValues:`, true when there are none.
    ForAllValues,
    /// `ForAnyValue:`, false when there are none.
    ForAnyValue,
}

/// What is compared, without the negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    BinaryEquals,
    IpAddress,
    /// `ArnEquals` and `ArnLike`, which are the same.
    Arn,
    Null,
}

/// How an ordered value of the request stands to that of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

impl Order {
    /// Whether `value` stands so to `bound`; false for what cannot be compared.
    pub(crate) fn holds<T: PartialOrd>(self, value: &T, bound: &T) -> bool {
        match self {
            Order::Equals => value == bound,
            Order::LessThan => value < bound,
            Order::LessThanEquals => value <= bound,
            Order::GreaterThan => value > bound,
            Order::GreaterThanEquals => value >= bound,
        }
    }
}

impl Operator {
    /// Takes a name apart. An unknown one is an error: ignoring it could open an `Allow` or lose a `Deny`.
    pub(crate) fn parse(name: &str, place: &Place) -> Result<Self> {
        let unknown = || place.error("unknown operator");
        let (quantifier, rest) = match name.split_once(':') {
            None => (Quantifier::Single, name),
            Some(("ForAllValues", rest)) => (Quantifier::ForAllValues, rest),
            Some(("ForAnyValue", rest)) => (Quantifier::ForAnyValue, rest),
            Some(_) => return Err(unknown()),
        };
        let (rest, if_exists) = match rest.strip_suffix("IfExists") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (test, negated) = test(rest).ok_or_else(unknown)?;
        // Null itself asks whether the key exists.
        if test == Test::Null && (if_exists || quantifier != Quantifier::Single) {
            return Err(unknown());
        }
        Ok(Self { quantifier, test, negated, if_exists })
    }
}

fn test(name: &str) -> Option<(Test, bool)> {
    Some(match name {
        "StringEquals" => (Test::StringEquals, false),
        "StringNotEquals" => (Test::StringEquals, true),
        "StringEqualsIgnoreCase" => (Test::StringEqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Test::StringEqualsIgnoreCase, true),
        "StringLike" => (Test::StringLike, false),
        "StringNotLike" => (Test::StringLike, true),
        "NumericEquals" => (Test::Numeric(Order::Equals), false),
        "NumericNotEquals" => (Test::Numeric(Order::Equals), true),
        "NumericLessThan" => (Test::Numeric(Order::LessThan), false),
        "NumericLessThanEquals" => (Test::Numeric(Order::LessThanEquals), false),
        "NumericGreaterThan" => (Test::Numeric(Order::GreaterThan), false),
        "NumericGreaterThanEquals" => (Test::Numeric(Order::GreaterThanEquals), false),
        "DateEquals" => (Test::Date(Order::Equals), false),
        "DateNotEquals" => (Test::Date(Order::Equals), true),
        "DateLessThan" => (Test::Date(Order::LessThan), false),
        "DateLessThanEquals" => (Test::Date(Order::LessThanEquals), false),
        "DateGreaterThan" => (Test::Date(Order::GreaterThan), false),
        "DateGreaterThanEquals" => (Test::Date(Order::GreaterThanEquals), false),
        "Bool" => (Test::Bool, false),
        "BinaryEquals" => (Test::BinaryEquals, false),
        "IpAddress" => (Test::IpAddress, false),
        "NotIpAddress" => (Test::IpAddress, true),
        "ArnEquals" | "ArnLike" => (Test::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Test::Arn, true),
        "Null" => (Test::Null, false),
        _ => return None,
    })
}
