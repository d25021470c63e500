//! Filter patterns of `FilterLogEvents`: which messages are wanted. Pure; a pattern is read once and asked for each message.
//!
//! Terms, phrases, exclusions and alternatives are in [`terms`], conditions on JSON in [`json`]. Patterns of fields that
//! are delimited by spaces (`[ip, user, …]`) and regular expressions (`%…%`) are refused: nothing here says that it
//! matched what it did not look at.

mod json;
mod terms;
mod value;

use crate::error::Error;
use crate::failures;

/// A pattern that was read.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    /// Of words in the text.
    Terms(terms::Terms),
    /// Of members of a JSON object.
    Json(json::Condition),
}

/// Why a pattern is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) String);

impl Refused {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The longest pattern in characters.
const LONGEST: usize = 1024;

impl Pattern {
    /// Reads a pattern. An empty one wants everything.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        if text.chars().count() > LONGEST {
            return Err(failures::invalid(format!(
                "1 validation error detected: Value at 'filterPattern' failed to satisfy constraint: Member must have \
                 length less than or equal to {LONGEST}"
            )));
        }
        Self::read(text).map_err(|Refused(why)| failures::invalid(format!("Invalid filter pattern: {why}")))
    }

    fn read(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        if text.starts_with('{') {
            return json::parse(text).map(Self::Json);
        }
        if text.starts_with('[') {
            return Err(Refused::new("patterns of space-delimited fields are not supported"));
        }
        terms::parse(text).map(Self::Terms)
    }

    /// Whether a message is wanted.
    pub(crate) fn matches(&self, message: &str) -> bool {
        match self {
            Self::Terms(terms) => terms.match_text(message),
            Self::Json(condition) => condition.match_text(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_pattern_and_no_message_ends_in_a_panic(pattern in ".{0,60}", message in ".{0,60}") {
            if let Ok(pattern) = Pattern::read(&pattern) {
                pattern.matches(&message);
            }
        }

        #[test]
        fn no_condition_ends_in_a_panic(inner in r#"[ $.a-c\[\]()&|=!<>"*0-9INOTEXULS']{0,40}"#, message in r#"\{"[a-c]":[0-9a-c"\[\]{}:]{0,10}\}"#) {
            if let Ok(pattern) = Pattern::read(&format!("{{{inner}}}")) {
                pattern.matches(&message);
            }
        }

        /// The grammar means what plain code says: every word, none of the excluded ones, or any of the alternatives.
        #[test]
        fn terms_mean_what_they_say(
            wanted in prop::collection::vec("[a-d]{1,2}", 0..3),
            excluded in prop::collection::vec("[a-d]{1,2}", 0..3),
            phrase in prop::option::of("[a-d]{1,2} [a-d]{1,2}"),
            message in "[a-d ]{0,12}",
        ) {
            let mut parts: Vec<String> = wanted.clone();
            parts.extend(excluded.iter().map(|word| format!("-{word}")));
            parts.extend(phrase.iter().map(|phrase| format!("\"{phrase}\"")));
            let pattern = Pattern::read(&parts.join(" ")).unwrap();
            let expected = wanted.iter().chain(&phrase).all(|word| message.contains(word.as_str()))
                && !excluded.iter().any(|word| message.contains(word.as_str()));
            prop_assert_eq!(pattern.matches(&message), expected, "{:?}", parts);
        }

        #[test]
        fn any_alternative_is_enough(words in prop::collection::vec("[a-d]{1,2}", 1..4), message in "[a-d ]{0,12}") {
            let text: Vec<String> = words.iter().map(|word| format!("?{word}")).collect();
            let pattern = Pattern::read(&text.join(" ")).unwrap();
            prop_assert_eq!(pattern.matches(&message), words.iter().any(|word| message.contains(word.as_str())));
        }

        /// Conditions follow the laws of logic, and numbers those of numbers.
        #[test]
        fn conditions_mean_what_they_say(value in -5_i64..5, bound in -5_i64..5, other in 0_i64..3) {
            let message = serde_json::json!({ "a": { "b": [0, value] }, "c": other }).to_string();
            let matches = |text: String| Pattern::read(&text).unwrap().matches(&message);
            for (sign, expected) in [("=", value == bound), ("!=", value != bound), ("<", value < bound),
                ("<=", value <= bound), (">", value > bound), (">=", value >= bound)] {
                let one = format!("$.a.b[1] {sign} {bound}");
                let same = format!("{{ ({one}) && ($.c = {other}) }}");
                let either = format!("{{ {one} || $.c != {other} }}");
                let always = format!("{{ {one} || $.c = {other} }}");
                let never = format!("{{ ({one} || $.c = {other}) && $.c = 9 }}");
                prop_assert_eq!(matches(format!("{{ {} }}", one)), expected, "{}", one);
                prop_assert_eq!(matches(same), expected);
                prop_assert_eq!(matches(either), expected);
                prop_assert!(matches(always));
                prop_assert!(!matches(never));
            }
        }
    }
}
