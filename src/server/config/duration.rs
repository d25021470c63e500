//! Durations as people write them: `500ms`, `30s`, `15m`, `12h`, `7d`, or several parts such as `1h30m`. Nothing is `0`, in
//! whatever unit.

use std::time::Duration;

/// Reads a duration. Every part needs its unit (`ms`, `s`, `m`, `h`, `d`): a bare number would leave the reader
/// guessing.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let number: u64 = rest[..digits].parse().map_err(|_| refusal(text))?;
        let milliseconds: u64 = match &rest[digits..digits + letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(refusal(text)),
        };
        total = number
            .checked_mul(milliseconds)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| format!("'{text}' is too long"))?;
        rest = &rest[digits + letters..];
    }
    if text.is_empty() { Err(refusal(text)) } else { Ok(Duration::from_millis(total)) }
}

fn refusal(text: &str) -> String {
    format!("'{text}' is not a duration such as 500ms, 30s, 15m, 12h or 7d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_every_unit() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            ("30s", 30_000),
            ("15m", 900_000),
            ("12h", 43_200_000),
            ("1h30m", 5_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "30", "s", "1 h", "-5s", "1.5h", "99999999999999999d", "5µs"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
