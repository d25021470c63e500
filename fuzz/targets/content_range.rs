//! `Content-Range` of chunks: what is read is in order, leaves room for one more byte, stands in the text, and reads the same in
//! the form that the specification has.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_oci::parse_content_range;

fuzz_target!(|text: &str| {
    let Some(range) = parse_content_range(text) else {
        return;
    };
    assert!(range.first <= range.last, "{range:?}");
    assert!(range.last.checked_add(1).is_some(), "{range:?}");
    let numbers: Vec<&str> = text.split(|char: char| !char.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    for (number, written) in [range.first, range.last].iter().zip(&numbers) {
        assert_eq!(format!("{number:0>width$}", width = written.len()), *written, "{text:?}");
    }
    assert!(numbers.len() >= 2, "{text:?}");
    for form in [format!("{}-{}", range.first, range.last), format!("bytes {}-{}/*", range.first, range.last)] {
        assert_eq!(parse_content_range(&form), Some(range), "{form:?}");
    }
});
