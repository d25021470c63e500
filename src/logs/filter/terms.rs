//! Patterns of words: `ERROR "out of memory" -debug`, and alternatives, `?ERROR ?WARN`. Case counts. A term is looked for
//! anywhere in the message.

use super::Refused;

/// What a message must have in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Terms {
    pub(crate) fn match_text(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        if self.none.iter().any(has) || !self.all.iter().all(has) {
            return false;
        }
        // As AWS documents: alternatives beside other terms are not looked at.
        let alone = self.all.is_empty() && self.none.is_empty();
        !alone || self.any.is_empty() || self.any.iter().any(has)
    }
}

/// Reads terms that are separated by white space.
pub(crate) fn parse(text: &str) -> Result<Terms, Refused> {
    let mut terms = Terms::default();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (list, begin) = match first {
            '?' => (&mut terms.any, &rest[1..]),
            '-' => (&mut terms.none, &rest[1..]),
            _ => (&mut terms.all, rest),
        };
        let (term, behind) = match begin.strip_prefix('"') {
            Some(quoted) => phrase(quoted)?,
            None => word(begin)?,
        };
        if term.is_empty() {
            return Err(Refused::new("a term is empty"));
        }
        list.push(term);
        rest = behind.trim_start();
    }
    Ok(terms)
}

/// What stands up to the closing quote; a backslash takes the next character as it is.
pub(super) fn phrase(quoted: &str) -> Result<(String, &str), Refused> {
    let mut out = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((out, &quoted[at + 1..])),
            '\\' => match characters.next() {
                Some((_, next)) => out.push(next),
                None => break,
            },
            other => out.push(other),
        }
    }
    Err(Refused::new("a quote is not closed"))
}

/// What stands up to white space. AWS wants quotes around everything but letters, digits and underscores; what is taken
/// here beyond that has no other meaning.
fn word(text: &str) -> Result<(String, &str), Refused> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, behind) = text.split_at(end);
    if word.starts_with('%') {
        return Err(Refused::new("regular expressions are not supported"));
    }
    match word.chars().find(|character| "\"{}[]()&|".contains(*character)) {
        Some(character) => Err(Refused::new(format!("the term {word} has {character} in it; put it in quotes"))),
        None => Ok((word.to_owned(), behind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, message: &str) -> bool {
        parse(pattern).unwrap().match_text(message)
    }

    #[test]
    fn documented_examples() {
        assert!(matches("ERROR", "[ERROR 400] BAD REQUEST"));
        assert!(!matches("ERROR", "[error 400] bad request"));
        assert!(matches("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS"));
        assert!(!matches("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST"));
        assert!(matches("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR"));
        assert!(matches("?ERROR ?ARGUMENTS", "[WARN] ARGUMENTS"));
        assert!(matches("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST"));
        assert!(!matches("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS"));
        assert!(matches("", "anything"));
        assert!(!matches("-\"a b\"", "x a b"));
        assert!(matches("\"say \\\"hi\\\"\"", "they say \"hi\" often"));
        assert!(matches("ERROR ?WARN", "ERROR"), "an alternative beside another term is not looked at");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in ["\"open", "-", "?", "\"\"", "a(b", "%reg.x%", "x\"y"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
