//! Patterns of JSON: `{ ($.level = "error" || $.code >= 500) && $.user.name != "probe*" }`. A message that is no JSON
//! matches none of them.
//!
//! ```text
//! pattern    = "{" either "}"
//! either     = both { "||" both }
//! both       = one { "&&" one }
//! one        = "(" either ")" | selector test
//! test       = ("=" | "!=" | "<" | "<=" | ">" | ">=") value | "IS" ("NULL" | "TRUE" | "FALSE") | "NOT" "EXISTS"
//! selector   = "$" { "." name | "." "[" text "]" | "[" text "]" | "[" index "]" }
//! ```

use serde_json::Value;

use super::Refused;
use super::terms::phrase;
use super::value::{Comparison, Wanted};

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Test(Vec<Step>, Test),
}

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Element(usize),
}

/// What must be true of a member.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Compare(Comparison, Wanted),
    IsNull,
    Is(bool),
    Absent,
}

/// Parentheses that may be open at once.
const DEEPEST: usize = 32;

impl Condition {
    pub(crate) fn match_text(&self, message: &str) -> bool {
        // Most lines of most programs are no JSON; a look at the first character saves reading them.
        message.trim_start().starts_with(['{', '['])
            && serde_json::from_str(message).is_ok_and(|value: Value| self.holds(&value))
    }

    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(value)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(value)),
            Self::Test(steps, test) => {
                let found = steps.iter().try_fold(value, |value, step| match step {
                    Step::Member(name) => value.get(name),
                    Step::Element(index) => value.get(index),
                });
                match test {
                    Test::Compare(comparison, wanted) => comparison.holds(found, wanted),
                    Test::IsNull => found.is_some_and(Value::is_null),
                    Test::Is(wanted) => found.and_then(Value::as_bool) == Some(*wanted),
                    Test::Absent => found.is_none(),
                }
            }
        }
    }
}

/// Reads a pattern with its braces.
pub(crate) fn parse(text: &str) -> Result<Condition, Refused> {
    let inner = text.strip_prefix('{').and_then(|text| text.trim_end().strip_suffix('}'));
    let mut reader = Reader { rest: inner.ok_or_else(|| Refused::new("a brace is not closed"))?, depth: 0 };
    let condition = reader.either()?;
    match reader.peek() {
        None => Ok(condition),
        Some(character) => Err(Refused::new(format!("{character} is not expected"))),
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        self.peek();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn either(&mut self) -> Result<Condition, Refused> {
        let mut conditions = vec![self.both()?];
        while self.eat("||") {
            conditions.push(self.both()?);
        }
        Ok(Condition::Any(conditions))
    }

    fn both(&mut self) -> Result<Condition, Refused> {
        let mut conditions = vec![self.one()?];
        while self.eat("&&") {
            conditions.push(self.one()?);
        }
        Ok(Condition::All(conditions))
    }

    fn one(&mut self) -> Result<Condition, Refused> {
        if self.eat("(") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(Refused::new("parentheses are nested too deeply"));
            }
            let condition = self.either()?;
            if !self.eat(")") {
                return Err(Refused::new("a parenthesis is not closed"));
            }
            self.depth -= 1;
            return Ok(condition);
        }
        let steps = self.selector()?;
        Ok(Condition::Test(steps, self.test()?))
    }

    fn selector(&mut self) -> Result<Vec<Step>, Refused> {
        if !self.eat("$") {
            return Err(Refused::new("a selector begins with $"));
        }
        let mut steps = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix('[').or_else(|| self.rest.strip_prefix(".[")) {
                let (inside, behind) = rest.split_once(']').ok_or_else(|| Refused::new("a bracket is not closed"))?;
                let inside = inside.trim();
                let quoted = ['"', '\''].iter().find_map(|quote| inside.strip_prefix(*quote)?.strip_suffix(*quote));
                steps.push(match quoted {
                    Some(name) => Step::Member(name.to_owned()),
                    None => Step::Element(inside.parse().map_err(|_| Refused::new("an index is not a number"))?),
                });
                self.rest = behind;
            } else if let Some(rest) = self.rest.strip_prefix('.') {
                let legal = |character: char| character.is_alphanumeric() || "_-@#:/".contains(character);
                let end = rest.find(|character| !legal(character)).unwrap_or(rest.len());
                let (name, behind) = rest.split_at(end);
                if name.is_empty() {
                    return Err(Refused::new("a selector has an empty name"));
                }
                steps.push(Step::Member(name.to_owned()));
                self.rest = behind;
            } else {
                break;
            }
        }
        if steps.is_empty() { Err(Refused::new("a selector names nothing")) } else { Ok(steps) }
    }

    fn test(&mut self) -> Result<Test, Refused> {
        for (word, test) in [("NULL", Test::IsNull), ("TRUE", Test::Is(true)), ("FALSE", Test::Is(false))] {
            if self.words("IS", word) {
                return Ok(test);
            }
        }
        if self.words("NOT", "EXISTS") {
            return Ok(Test::Absent);
        }
        // The longer ones first.
        for (sign, comparison) in [
            ("!=", Comparison::Unequal),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("=", Comparison::Equal),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ] {
            if self.eat(sign) {
                let wanted = self.value()?;
                let ordering = !matches!(comparison, Comparison::Equal | Comparison::Unequal);
                if ordering && !matches!(wanted, Wanted::Number(..)) {
                    return Err(Refused::new(format!("{sign} compares numbers alone")));
                }
                return Ok(Test::Compare(comparison, wanted));
            }
        }
        Err(Refused::new("a selector is not followed by a comparison"))
    }

    /// Two words, in capitals or not.
    fn words(&mut self, first: &str, second: &str) -> bool {
        self.peek();
        let take = |text: &'t str, word: &str| -> Option<&'t str> {
            let (head, rest) = text.split_at_checked(word.len())?;
            let ends = rest.chars().next().is_none_or(|next| next.is_whitespace() || ")&|".contains(next));
            (head.eq_ignore_ascii_case(word) && ends).then_some(rest)
        };
        match take(self.rest, first).and_then(|rest| take(rest.trim_start(), second)) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Result<Wanted, Refused> {
        self.peek();
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let (text, behind) = phrase(quoted)?;
            self.rest = behind;
            return Ok(Wanted::Text(text));
        }
        let end = self.rest.find(|character: char| character.is_whitespace() || ")(&|".contains(character));
        let (text, behind) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if text.is_empty() {
            return Err(Refused::new("a comparison has no right side"));
        }
        if text.starts_with('%') {
            return Err(Refused::new("regular expressions are not supported"));
        }
        self.rest = behind;
        Ok(match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Wanted::Number(number, text.to_owned()),
            _ => Wanted::Text(text.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another"],
        "objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"ThisFlag":true,"bandwidth":75.5,
        "errors":{"a.b":"c"},"count":"7"}"#;

    fn matches(pattern: &str) -> bool {
        parse(pattern).unwrap().match_text(EVENT)
    }

    #[test]
    fn documented_examples() {
        for pattern in [
            r#"{ $.eventType = "UpdateTrail" }"#,
            r#"{ $.sourceIPAddress != 123.123.* }"#,
            r#"{ $.arrayKey[0] = "value" }"#,
            r#"{ $.objectList[1].id = 2 }"#,
            r#"{ $.SomeObject IS NULL }"#,
            r#"{ $.SomeOtherObject NOT EXISTS }"#,
            r#"{ $.ThisFlag IS TRUE }"#,
            r#"{$.bandwidth>75&&$.bandwidth<1e2}"#,
            r#"{ $.bandwidth = 75.5 }"#,
            r#"{ $.eventType = Update* || $.x = 1 }"#,
            r#"{ ($.eventType = "x" || $.ThisFlag is true) && ($.objectList[0].name = "a") }"#,
            r#"{ $.errors.['a.b'] = "c" }"#,
            r#"{ $.errors["a.b"] = c }"#,
            r#"{ $.count = 7 }"#,
            r#"{ $.ThisFlag = true }"#,
        ] {
            assert!(matches(pattern), "{pattern}");
        }
        for pattern in [
            r#"{ $.eventType = "updateTrail" }"#,
            r#"{ $.missing != "x" }"#,
            r#"{ $.missing IS NULL }"#,
            r#"{ $.SomeObject NOT EXISTS }"#,
            r#"{ $.ThisFlag IS FALSE }"#,
            r#"{ $.count > 5 }"#,
            r#"{ $.arrayKey[5] = "value" }"#,
            r#"{ $.eventType = "UpdateTrail" && $.bandwidth > 100 }"#,
        ] {
            assert!(!matches(pattern), "{pattern}");
        }
        assert!(!parse("{ $.a = 1 }").unwrap().match_text("not JSON: {\"a\":1}"));
    }

    #[test]
    fn and_binds_more_than_or() {
        assert!(matches(r#"{ $.ThisFlag IS TRUE || $.x = 1 && $.y = 1 }"#));
        assert!(!matches(r#"{ ($.ThisFlag IS TRUE || $.x = 1) && $.y = 1 }"#));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in [
            "{",
            "{}",
            "{ $ = 1 }",
            "{ $.a }",
            "{ $.a = }",
            "{ $.a = 1",
            "{ ($.a = 1 }",
            "{ $.a > x }",
            "{ $.a[x] = 1 }",
            "{ $.a = 1 && }",
            "{ $.a = %x% }",
            "{ $.a = \"x }",
            "{ $.a = 1 } x",
            "{ a = 1 }",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&format!("{{ {}$.a = 1{} }}", "(".repeat(500), ")".repeat(500))).is_err());
    }
}
