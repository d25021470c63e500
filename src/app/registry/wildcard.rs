//! Filters over names of repositories with `*` for any run of characters.

/// Whether the whole of a name fits. Linear in the name for each wildcard, whatever the filter.
pub(crate) fn matches(filter: &str, name: &str) -> bool {
    let mut pieces = filter.split('*');
    let first = pieces.next().unwrap_or_default();
    let mut middle: Vec<&str> = pieces.collect();
    let Some(last) = middle.pop() else {
        return filter == name;
    };
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Text over lower-case letters, digits, `*` and single separators in between.
pub(crate) fn is_words(text: &str, separators: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'*';
    let legal = |byte: u8| word(byte) || separators.contains(&byte);
    let joined = bytes.windows(2).all(|pair| word(pair[0]) || word(pair[1]));
    let ends = bytes.first().copied().is_some_and(word) && bytes.last().copied().is_some_and(word);
    bytes.iter().copied().all(legal) && joined && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_any_run() {
        for (filter, name, fits) in [
            ("app", "app", true),
            ("app", "myapp", false),
            ("myapp/*", "myapp/a/b", true),
            ("myapp/*", "myapp", false),
            ("*/production", "a/b/production", true),
            ("*prod*", "production", true),
            ("*", "anything", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(filter, name), fits, "{filter} {name}");
        }
    }

    #[test]
    fn words_are_joined_by_single_separators() {
        for (text, legal) in [
            ("a", true),
            ("*", true),
            ("a.b-c_d/e*", true),
            ("", false),
            ("a..b", false),
            ("a/", false),
            ("-a", false),
            ("A", false),
        ] {
            assert_eq!(is_words(text, b"._-/"), legal, "{text}");
        }
        assert!(!is_words("a/b", b"._-"));
    }
}
