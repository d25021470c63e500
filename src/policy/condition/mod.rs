//! The element `Condition`: operators, keys and values, and whether they hold for a request. What a single comparison
//! means is in `comparison`; here are the rules around it: quantifiers, missing keys, negation, `IfExists`.

mod address;
mod base64;
mod comparison;
mod instant;
mod number;
mod operator;

use crate::document::{Effect, Version};
use crate::error::Result;
use crate::json::Node;
use crate::pattern::Pattern;
use crate::place::Place;
use crate::request::Scope;

use comparison::Comparison;
use operator::{Operator, Quantifier};

/// One key under one operator. All conditions of a statement must hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    operator: Operator,
    /// The key as it is written.
    name: String,
    /// The key in lower case.
    key: String,
    comparison: Comparison,
}

/// Reads the element.
pub(crate) fn parse(node: &Node, version: Version, place: &Place) -> Result<Vec<Condition>> {
    let mut conditions = Vec::new();
    for (name, node) in node.object(place)? {
        let place = place.member(name);
        let operator = Operator::parse(name, &place)?;
        let keys = node.object(&place)?;
        if keys.is_empty() {
            return Err(place.error("names no condition key"));
        }
        for (key, node) in keys {
            let place = place.member(key);
            // Every key has a prefix. Without one it is a typing error that no request would ever have a value for.
            if !key.contains(':') {
                return Err(place.error("is not a condition key"));
            }
            let comparison = Comparison::parse(operator.test, node, version, &place)?;
            conditions.push(Condition { operator, name: key.clone(), key: key.to_lowercase(), comparison });
        }
    }
    Ok(conditions)
}

impl Condition {
    /// The condition keys that it asks for, as they are written: its own, and those of variables in its values.
    pub(crate) fn context_keys(&self) -> impl Iterator<Item = &str> {
        let values = self.comparison.patterns().iter().flat_map(Pattern::context_keys);
        std::iter::once(self.name.as_str()).chain(values)
    }

    /// Whether the condition holds. The effect matters only where a comparison has no answer: in doubt an `Allow` does
    /// not apply, and a negated condition does not save from a `Deny`.
    pub(crate) fn holds(&self, scope: &Scope, effect: Effect) -> bool {
        scope.meter.step();
        let values = scope.values(&self.key);
        if let Comparison::Null(wanted) = &self.comparison {
            return wanted.contains(&values.is_empty());
        }
        let operator = self.operator;
        if values.is_empty() {
            return operator.if_exists
                || match operator.quantifier {
                    Quantifier::ForAllValues => true,
                    Quantifier::ForAnyValue => false,
                    // A key that is not there is equal to nothing.
                    Quantifier::Single => operator.negated,
                };
        }
        // Comparing numbers, dates and the like takes steps too. Once there are none left no answer counts.
        let compare =
            |value| scope.meter.take(self.comparison.len()).then(|| self.comparison.any(value, scope)).flatten();
        let mut results = values.iter().map(|value| match compare(value) {
            Some(equal) => equal != operator.negated,
            None => operator.negated && effect == Effect::Deny,
        });
        match (operator.quantifier, effect) {
            (Quantifier::ForAllValues, _) => results.all(|result| result),
            (Quantifier::ForAnyValue, _) => results.any(|result| result),
            // The language has no meaning for an operator without a quantifier and a key with several values: take
            // the reading that allows less. With one value the two are the same.
            (Quantifier::Single, Effect::Allow) => results.all(|result| result),
            (Quantifier::Single, Effect::Deny) => results.any(|result| result),
        }
    }
}

#[cfg(test)]
mod tests;
