//! Patterns of conditions: `*` stands for any characters, `?` for one. Nothing else is special.

/// Whether a text is one that the pattern describes. `folded`: whatever the case of its letters.
///
/// It looks back only to the last star, so a hostile pattern costs the product of both lengths at most.
pub(crate) fn matches(pattern: &str, text: &str, folded: bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let same = |one: u8, other: u8| one == other || (folded && one.eq_ignore_ascii_case(&other));
    let (mut at, mut seen) = (0, 0);
    // Where the last star is, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(&byte) if byte == b'?' || same(byte, text[seen]) => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((from, taken)) = star else { return false };
                star = Some((from, taken + 1));
                (at, seen) = (from + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in [
            ("/a/*", "/a/"),
            ("/a/*", "/a/b/c"),
            ("*", ""),
            ("*.example.com", "a.b.example.com"),
            ("/?", "/a"),
            ("a*b*c", "aXbXbYc"),
            ("**", "x"),
            ("/img/*/pics", "/img/a/b/pics"),
        ] {
            assert!(matches(pattern, text, false), "{pattern} {text}");
        }
        for (pattern, text) in [("/a/*", "/a"), ("/?", "/"), ("", "x"), ("a*b", "abc"), ("/A", "/a"), ("*.b", "b")] {
            assert!(!matches(pattern, text, false), "{pattern} {text}");
        }
        assert!(matches("/A*", "/ab", true));
    }

    /// The same by its definition.
    fn plain(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|taken| plain(rest, &text[taken..])),
            Some((byte, rest)) => text
                .split_first()
                .is_some_and(|(first, others)| (*byte == b'?' || byte == first) && plain(rest, others)),
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &text, false), plain(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn a_text_without_wildcards_matches_itself_alone(one in "[a-c/]{0,6}", other in "[a-c/]{0,6}") {
            prop_assert_eq!(matches(&one, &other, false), one == other);
        }
    }
}
