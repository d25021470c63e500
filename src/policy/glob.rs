//! Matching text against compiled wildcards in bounded time. What a wildcard may span is decided by whoever compiles
//! the tokens; this file only runs them, and counts the steps, since both the pattern and the text may come from
//! somebody who wants the match to be slow.

use std::cell::Cell;

/// Steps that one evaluation may spend. An ordinary request takes a few hundred; the largest honest document with a
/// thousand patterns over a long ARN takes some ten thousand. At the limit the request has used a few milliseconds.
const BUDGET: u64 = 1_000_000;

/// Separates the fields of an ARN.
pub(crate) const FIELD: char = ':';

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// Just this character.
    Char(char),
    /// Any one character.
    One,
    /// Any one character but `:`.
    OneInField,
    /// Any run of characters.
    Many,
    /// Any run of characters but `:`.
    ManyInField,
    /// The value of the variable with this number. Replaced by characters before matching: a value is never a wildcard.
    Variable(u16),
}

impl Token {
    /// Whether this stands for one character, which may be this one.
    fn takes(self, next: char) -> bool {
        match self {
            Token::Char(character) => character == next,
            Token::One => true,
            Token::OneInField => next != FIELD,
            Token::Many | Token::ManyInField | Token::Variable(_) => false,
        }
    }
}

/// Counts the steps of one evaluation.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    steps: Cell<u64>,
}

impl Meter {
    /// Counts one step; false when the budget is used up.
    pub(crate) fn step(&self) -> bool {
        self.take(1)
    }

    /// Counts several steps; false when the budget is used up.
    pub(crate) fn take(&self, steps: usize) -> bool {
        self.steps.set(self.steps.get().saturating_add(steps as u64));
        !self.exhausted()
    }

    /// Whether a match was given up, so that nothing that was found since can be trusted.
    pub(crate) fn exhausted(&self) -> bool {
        self.steps.get() > BUDGET
    }

    /// Steps taken so far.
    pub(crate) fn steps(&self) -> u64 {
        self.steps.get()
    }
}

/// Whether the whole text matches the whole pattern. False, and the meter exhausted, when that takes too long.
pub(crate) fn matches(pattern: &[Token], text: &str, meter: &Meter) -> bool {
    if pattern.contains(&Token::ManyInField) { simulate(pattern, text, meter) } else { greedy(pattern, text, meter) }
}

/// The usual case. Runs that may take anything are best taken as short as possible: what stands before the last one
/// has then matched as early as it can, which leaves the most text for the rest. So only the last run is worth
/// returning to.
fn greedy(pattern: &[Token], text: &str, meter: &Meter) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut run: Option<(usize, usize)> = None;
    while meter.step() {
        match (pattern.get(at), text[read..].chars().next()) {
            (Some(Token::Many), _) if at + 1 == pattern.len() => return true,
            (Some(Token::Many), _) => {
                at += 1;
                run = Some((at, read));
            }
            (None, None) => return true,
            // Out of text with pattern left: a run that took more would only come here sooner.
            (Some(_), None) => return false,
            (Some(token), Some(next)) if token.takes(next) => {
                at += 1;
                read += next.len_utf8();
            }
            (_, Some(_)) => {
                let Some((after, start)) = run else { return false };
                let taken = text[start..].chars().next().map_or(0, char::len_utf8);
                (at, read) = (after, start + taken);
                run = Some((after, read));
            }
        }
    }
    false
}

/// With a run that stops at a colon the shortest is not always the best: whether a later run can go on depends on the
/// field that it begins in. So all ways are followed at once; they are never more than the pattern has tokens.
fn simulate(pattern: &[Token], text: &str, meter: &Meter) -> bool {
    let mut states = vec![false; pattern.len() + 1];
    states[0] = true;
    let mut rest = text.chars();
    loop {
        // A run may take nothing.
        for (at, token) in pattern.iter().enumerate() {
            if states[at] && matches!(token, Token::Many | Token::ManyInField) {
                states[at + 1] = true;
            }
        }
        let Some(next) = rest.next() else { return states[pattern.len()] };
        let mut arrives = false;
        for (at, token) in pattern.iter().enumerate() {
            if !meter.step() {
                return false;
            }
            let stays = match token {
                Token::Many => true,
                Token::ManyInField => next != FIELD,
                _ => false,
            };
            let moves = states[at] && token.takes(next);
            states[at] = arrives || (states[at] && stays);
            arrives = moves;
        }
        states[pattern.len()] = arrives;
        if !states.contains(&true) {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compile(pattern: &str) -> Vec<Token> {
        pattern
            .chars()
            .map(|character| match character {
                '*' => Token::Many,
                '?' => Token::One,
                '+' => Token::ManyInField,
                '_' => Token::OneInField,
                character => Token::Char(character),
            })
            .collect()
    }

    fn run(pattern: &str, text: &str) -> bool {
        matches(&compile(pattern), text, &Meter::default())
    }

    /// The definition, by recursion: slow and plainly right.
    fn defined(pattern: &[Token], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([Token::Many, rest @ ..], _) => (0..=text.len()).any(|taken| defined(rest, &text[taken..])),
            ([Token::ManyInField, rest @ ..], _) => {
                let field = text.iter().take_while(|character| **character != ':').count();
                (0..=field).any(|taken| defined(rest, &text[taken..]))
            }
            ([Token::One, rest @ ..], [_, text @ ..]) => defined(rest, text),
            ([Token::OneInField, rest @ ..], [first, text @ ..]) => *first != ':' && defined(rest, text),
            ([Token::Char(character), rest @ ..], [first, text @ ..]) => character == first && defined(rest, text),
            _ => false,
        }
    }

    #[test]
    fn wildcards_match_as_expected() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXb", false),
            ("*ab", "aab", true),
            ("?", "é", true),
            ("??", "é", false),
            ("*?", "漢字", true),
            ("+x", "a:x", false),
            ("*x", "a:x", true),
            ("*a+c*", "ab:ac:x", true),
            ("a+:b", "aaa:b", true),
            // The second run needs the `?` to take the colon, so the first one must not stay empty.
            ("+?+", "a:", true),
            ("a_b", "a:b", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(run(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn steps_grow_with_the_product_of_the_lengths_at_worst() {
        for pattern in ["*a*a*a*a*a*a*a*a*b", "*aaaaaaaaaaaaaaaaaaaaaaaab", "*?a?a?a?a?a?ab", "*a+a+a+a+b"] {
            let pattern = compile(pattern);
            let size = pattern.len() as u64;
            let mut previous = None;
            for length in [200, 400, 800, 1600] {
                let meter = Meter::default();
                assert!(!matches(&pattern, &"a".repeat(length), &meter));
                let steps = meter.steps();
                assert!(steps <= (size + 2) * (length as u64 + 1), "{steps} for {length}");
                // Twice the text, about twice the steps: nothing quadratic hides in the text's length.
                assert!(previous.is_none_or(|previous| steps <= 2 * previous + 2 * size * size), "{steps}");
                previous = Some(steps);
            }
        }
    }

    #[test]
    fn a_match_that_takes_too_long_is_given_up() {
        let meter = Meter::default();
        let pattern = compile(&format!("*{}b", "a".repeat(10_000)));
        assert!(!matches(&pattern, &"a".repeat(100_000), &meter));
        assert!(meter.exhausted());
        assert_eq!(meter.steps(), BUDGET + 1);
    }

    proptest! {
        #[test]
        fn the_fast_matcher_agrees_with_the_definition(pattern in "[aé:*?+_]{0,9}", text in "[ab:é漢]{0,9}") {
            let tokens = compile(&pattern);
            let characters: Vec<char> = text.chars().collect();
            prop_assert_eq!(matches(&tokens, &text, &Meter::default()), defined(&tokens, &characters));
        }
    }
}
