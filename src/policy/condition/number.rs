//! Numbers as policies write them, for the `Numeric` operators.

use std::cmp::Ordering;

/// An integer, kept exact, or a decimal fraction.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Integer(i128),
    Fraction(f64),
}

impl Number {
    /// Reads digits with an optional sign, fraction and exponent. No `inf`, `NaN` or hexadecimal.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        if !text.bytes().all(plain) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Fraction)
    }

    fn approximate(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Fraction(number) => number,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(right)),
            (left, right) => left.approximate().partial_cmp(&right.approximate()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn numbers_compare_by_value() {
        assert_eq!(number("10"), number("10.0"));
        assert_eq!(number("1e1"), number("10"));
        assert!(number("-1.5") < number("-1"));
        assert!(number("9") < number("10"));
        // Neighbors beyond the precision of a float stay apart.
        assert!(number("9007199254740992") < number("9007199254740993"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "-", ".", "e", "1e", "0x10", "inf", "NaN", "1 ", "1_000", "1e999", "1,5"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }
}
