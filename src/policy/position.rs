//! Where the statements of a document stand in its text, for the policy simulator, which shows them to people.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A place in a text, as editors count: from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(borrow, rename = "Statement")]
    statement: &'a RawValue,
}

/// The first character of each statement and the one after its last, in the order of the document. Empty for a text
/// that is not a policy document.
pub fn statement_positions(text: &str) -> Vec<(Position, Position)> {
    let Ok(outline) = serde_json::from_str::<Outline>(text) else {
        return Vec::new();
    };
    let body = outline.statement.get();
    let statements: Vec<&RawValue> =
        if body.starts_with('[') { serde_json::from_str(body).unwrap_or_default() } else { vec![outline.statement] };
    let mut positions = Vec::with_capacity(statements.len());
    let mut reader = Reader { rest: text, at: Position { line: 1, column: 1 } };
    for statement in statements {
        // The raw values are parts of the text, so where they begin is a difference of addresses.
        let begin = statement.get().as_ptr().addr() - text.as_ptr().addr();
        let first = reader.advance(text.len() - reader.rest.len(), begin);
        let last = reader.advance(begin, begin + statement.get().len());
        positions.push((first, last));
    }
    positions
}

struct Reader<'a> {
    rest: &'a str,
    at: Position,
}

impl Reader<'_> {
    /// Goes on from one offset of the text to another.
    fn advance(&mut self, from: usize, to: usize) -> Position {
        let (passed, rest) = self.rest.split_at(to - from);
        for character in passed.chars() {
            if character == '\n' {
                self.at = Position { line: self.at.line + 1, column: 1 };
            } else {
                self.at.column += 1;
            }
        }
        self.rest = rest;
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let tell = |(first, last): (Position, Position)| {
            format!("{}:{}-{}:{}", first.line, first.column, last.line, last.column)
        };
        statement_positions(text).into_iter().map(tell).collect()
    }

    #[test]
    fn statements_are_found_in_their_text() {
        assert_eq!(told(r#"{"Statement":{"Effect":"Allow"}}"#), ["1:14-1:32"]);
        assert_eq!(told("{\"Id\":\"é\",\n \"Statement\": [\n  {},\n  {\n  } ]}"), ["3:3-3:5", "4:3-5:4"]);
        assert!(told(r#"{"Statement":[]}"#).is_empty());
        assert!(told("nonsense").is_empty());
        assert!(told("{}").is_empty());
    }
}
