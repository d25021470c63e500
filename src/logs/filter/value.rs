//! What a condition compares a member of a JSON object with.

use serde_json::Value;

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// A number, with the text that it was written as.
    Number(f64, String),
    /// A text in which an asterisk stands for anything.
    Text(String),
}

/// How it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Whether a member compares so. What is not there compares in no way.
    pub(crate) fn holds(self, found: Option<&Value>, wanted: &Wanted) -> bool {
        let Some(found) = found else {
            return false;
        };
        match self {
            Self::Equal => equal(found, wanted),
            Self::Unequal => !equal(found, wanted),
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => {
                let (Some(found), Wanted::Number(wanted, _)) = (found.as_f64(), wanted) else {
                    return false;
                };
                match self {
                    Self::Less => found < *wanted,
                    Self::LessOrEqual => found <= *wanted,
                    Self::Greater => found > *wanted,
                    _ => found >= *wanted,
                }
            }
        }
    }
}

fn equal(found: &Value, wanted: &Wanted) -> bool {
    match (found, wanted) {
        (Value::Number(found), Wanted::Number(wanted, _)) => found.as_f64() == Some(*wanted),
        (Value::String(found), Wanted::Number(_, written)) => found == written,
        (Value::String(found), Wanted::Text(pattern)) => like(found, pattern),
        (Value::Number(found), Wanted::Text(pattern)) => like(&found.to_string(), pattern),
        (Value::Bool(found), Wanted::Text(pattern)) => like(if *found { "true" } else { "false" }, pattern),
        _ => false,
    }
}

/// Whether a text is like a pattern in which an asterisk stands for anything. Takes time in proportion to the product of
/// their lengths at most.
fn like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisks_stand_for_anything() {
        for (text, pattern) in
            [("abc", "abc"), ("abc", "a*"), ("abc", "*c"), ("abc", "*"), ("abc", "a*c"), ("a", "*a*"), ("aab", "*a*b")]
        {
            assert!(like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("abc", "ab"), ("abc", "bc"), ("abc", "b*"), ("a", "a*a"), ("abc", "*d*"), ("", "a")] {
            assert!(!like(text, pattern), "{text} {pattern}");
        }
    }
}
