//! Repository names, tags, digests and references: exactly what the specification's grammar accepts is accepted, and
//! it reads back as it was written.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use regex::Regex;
use wharf_types::{Digest, Reference, RepoName, Tag};

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    let component = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*";
    Regex::new(&format!(r"\A{component}(/{component})*\z")).expect("a valid expression")
});
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\A[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z").expect("a valid expression"));
static DIGEST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\A(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})\z").expect("a valid expression"));

fuzz_target!(|text: &str| {
    let name = text.parse::<RepoName>();
    assert_eq!(name.is_ok(), text.len() <= RepoName::MAX_LENGTH && NAME.is_match(text), "{text:?}");
    if let Ok(name) = name {
        assert_eq!(name.as_str(), text);
        assert_eq!(name.to_string(), text);
    }

    let tag = text.parse::<Tag>();
    assert_eq!(tag.is_ok(), TAG.is_match(text), "{text:?}");
    if let Ok(tag) = &tag {
        assert_eq!(tag.to_string(), text);
    }

    let digest = text.parse::<Digest>();
    assert_eq!(digest.is_ok(), DIGEST.is_match(text), "{text:?}");
    if let Ok(digest) = &digest {
        assert_eq!(format!("{}:{}", digest.algorithm(), digest.encoded()), text);
        assert_eq!(digest.encoded().len(), digest.algorithm().encoded_length());
    }

    match text.parse::<Reference>() {
        Ok(Reference::Tag(read)) => assert_eq!(Ok(read), tag),
        Ok(Reference::Digest(read)) => assert_eq!(Ok(read), digest),
        Err(error) => {
            assert!(tag.is_err() && digest.is_err());
            // The message repeats untrusted text: it stays short and on one line.
            let message = error.to_string();
            assert!(message.len() < 2_000 && !message.contains(['\n', '\r', '\0']), "{message:?}");
        }
    }
});
