//! `Range` of downloads: every range lies within the blob, several of them never add up to more than the blob, and one range
//! is what arithmetic without overflow makes of it.

#![no_main]

use std::ops::Range;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use regex::Regex;
use wharf_oci::{ByteRanges, parse_byte_ranges};

static ONE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\Abytes=([0-9]{0,30})-([0-9]{0,30})\z").expect("a valid expression"));

fuzz_target!(|input: (u64, &str)| {
    let (size, header) = input;
    let read = parse_byte_ranges(header, size);
    let inside = |range: &Range<u64>| range.start < range.end && range.end <= size;
    match &read {
        ByteRanges::Whole | ByteRanges::Unsatisfiable => {}
        ByteRanges::One(range) => assert!(inside(range), "{range:?} of {size}"),
        ByteRanges::Many(ranges) => {
            assert!((2..=header.matches(',').count() + 1).contains(&ranges.len()));
            assert!(ranges.iter().all(inside), "{ranges:?} of {size}");
            let total: u128 = ranges.iter().map(|range| u128::from(range.end - range.start)).sum();
            assert!(total <= u128::from(size), "{ranges:?} are more than {size} bytes");
        }
    }
    if let Some(parts) = ONE.captures(header) {
        assert_eq!(read, expected(&parts[1], &parts[2], u128::from(size)), "{header:?} of {size}");
    }
});

/// One range by the words of RFC 9110, section 14.1.2; one that ends before it begins is unsatisfiable.
fn expected(first: &str, last: &str, size: u128) -> ByteRanges {
    let (first, last) = (first.parse::<u128>().ok(), last.parse::<u128>().ok());
    let (start, end) = match (first, last) {
        (None, None) => return ByteRanges::Whole,
        (None, Some(suffix)) => (size.saturating_sub(suffix), size),
        (Some(first), None) => (first, size),
        (Some(first), Some(last)) => (first, size.min(last + 1)),
    };
    let as_u64 = |offset: u128| u64::try_from(offset).expect("offsets lie within a blob");
    if start < end { ByteRanges::One(as_u64(start)..as_u64(end)) } else { ByteRanges::Unsatisfiable }
}
