//! `Range` of downloads (RFC 9110, section 14) and `Content-Range` of uploads (distribution-spec, "Pushing a blob in
//! chunks").

use std::ops::Range;

use app::uploads::ContentRange;

/// What a `Range` header asks of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByteRanges {
    /// Everything: there is no range, or none that is worth obeying.
    Whole,
    /// One range.
    One(Range<u64>),
    /// Several, in the order asked.
    Many(Vec<Range<u64>>),
    /// None that the blob has.
    Unsatisfiable,
}

/// Ranges of one request at most. Lazy-pulling clients send dozens.
const MAX_RANGES: usize = 256;

/// Reads a `Range` header for a blob of `size` bytes.
///
/// A header that is no byte range is ignored, as RFC 9110 has it. Of several ranges those that the blob does not have
/// are left out; more than a client needs, or more bytes than the blob has, are answered with the whole blob: no
/// header makes us send more than that.
pub fn parse_byte_ranges(header: &str, size: u64) -> ByteRanges {
    let Some((unit, specs)) = header.trim().split_once('=') else {
        return ByteRanges::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return ByteRanges::Whole;
    }
    let mut ranges = Vec::new();
    let mut unsatisfiable = false;
    for spec in specs.split(',') {
        if ranges.len() == MAX_RANGES {
            return ByteRanges::Whole;
        }
        match parse_spec(spec.trim(), size) {
            Spec::Range(range) => ranges.push(range),
            Spec::Unsatisfiable => unsatisfiable = true,
            Spec::Malformed => return ByteRanges::Whole,
        }
    }
    let total: u128 = ranges.iter().map(|range| u128::from(range.end - range.start)).sum();
    match ranges.len() {
        0 if unsatisfiable => ByteRanges::Unsatisfiable,
        0 => ByteRanges::Whole,
        1 => ByteRanges::One(ranges.remove(0)),
        _ if total > u128::from(size) => ByteRanges::Whole,
        _ => ByteRanges::Many(ranges),
    }
}

enum Spec {
    Range(Range<u64>),
    Unsatisfiable,
    Malformed,
}

fn parse_spec(spec: &str, size: u64) -> Spec {
    let Some((first, last)) = spec.split_once('-') else {
        return Spec::Malformed;
    };
    let (first, last) = (first.trim(), last.trim());
    let (first, last) = match (number(first), number(last)) {
        // The last n bytes.
        (None, Some(n)) if first.is_empty() => {
            if n == 0 || size == 0 {
                return Spec::Unsatisfiable;
            }
            (size.saturating_sub(n), size - 1)
        }
        (Some(first), None) if last.is_empty() => (first, u64::MAX),
        (Some(first), Some(last)) => (first, last),
        _ => return Spec::Malformed,
    };
    // A range that ends before it begins may be ignored; the conformance suite wants it refused.
    if first > last || first >= size {
        return Spec::Unsatisfiable;
    }
    Spec::Range(first..last.min(size - 1) + 1)
}

/// Reads the `Content-Range` of a chunk: `first-last`, with or without `bytes ` before and `/total` behind.
pub fn parse_content_range(header: &str) -> Option<ContentRange> {
    let text = header.trim();
    let text = text.strip_prefix("bytes").map_or(text, |rest| rest.trim_start_matches([' ', '=']));
    let text = text.split_once('/').map_or(text, |(range, _)| range);
    let (first, last) = text.split_once('-')?;
    let (first, last) = (number(first.trim())?, number(last.trim())?);
    (first <= last && last < u64::MAX).then_some(ContentRange { first, last })
}

/// A decimal number without a sign; one too large for us is the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges() {
        for (header, expected) in [
            ("bytes=0-0", ByteRanges::One(0..1)),
            ("bytes=2-5", ByteRanges::One(2..6)),
            ("bytes=5-", ByteRanges::One(5..10)),
            ("bytes=-3", ByteRanges::One(7..10)),
            ("bytes=-30", ByteRanges::One(0..10)),
            ("bytes=5-500", ByteRanges::One(5..10)),
            ("bytes=5-99999999999999999999999", ByteRanges::One(5..10)),
            ("bytes=10-", ByteRanges::Unsatisfiable),
            ("bytes=500-0", ByteRanges::Unsatisfiable),
            ("bytes=-0", ByteRanges::Unsatisfiable),
            ("items=0-1", ByteRanges::Whole),
            ("bytes=a-b", ByteRanges::Whole),
            ("bytes=", ByteRanges::Whole),
            ("bytes", ByteRanges::Whole),
            ("bytes=--1", ByteRanges::Whole),
            ("bytes=+1-2", ByteRanges::Whole),
        ] {
            assert_eq!(parse_byte_ranges(header, 10), expected, "{header}");
        }
        assert_eq!(parse_byte_ranges("bytes=0-", 0), ByteRanges::Unsatisfiable);
    }

    #[test]
    fn several_ranges_keep_their_order_and_never_amplify() {
        assert_eq!(parse_byte_ranges("bytes=5-6, 0-1,20-30", 10), ByteRanges::Many(vec![5..7, 0..2]));
        assert_eq!(parse_byte_ranges("bytes=0-9,0-9", 10), ByteRanges::Whole);
        assert_eq!(parse_byte_ranges("bytes=7-,7-", u64::MAX), ByteRanges::Whole);
        let many = format!("bytes={}", vec!["0-0"; 1300].join(","));
        assert_eq!(parse_byte_ranges(&many, 1 << 20), ByteRanges::Whole);
    }

    #[test]
    fn content_ranges() {
        let range = |first, last| Some(ContentRange { first, last });
        assert_eq!(parse_content_range("0-9"), range(0, 9));
        assert_eq!(parse_content_range("bytes 5-9/10"), range(5, 9));
        assert_eq!(parse_content_range("bytes=5-9"), range(5, 9));
        for text in ["", "9", "-9", "9-", "9-5", "a-b", "-", "1-2-3", "0-18446744073709551615", "0--1", " "] {
            assert_eq!(parse_content_range(text), None, "{text:?}");
        }
    }
}
