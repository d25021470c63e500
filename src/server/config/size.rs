//! Byte sizes as people write them: `4096`, `64KiB`, `256MiB`, `1GB`. Fractions are not accepted.

/// Reads a size in bytes. A bare number is bytes; `KiB`, `MiB`, `GiB`, `TiB` are powers of 1024 and `KB`, `MB`, `GB`,
/// `TB` powers of 1000, in any case.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(refusal(text)),
    };
    let number: u64 = number.parse().map_err(|_| refusal(text))?;
    number.checked_mul(unit).ok_or_else(|| format!("'{text}' is too large"))
}

fn refusal(text: &str) -> String {
    format!("'{text}' is not a size such as 64KiB, 256MiB or 1GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_units() {
        for (text, bytes) in
            [("0", 0), ("4096", 4096), ("64KiB", 65536), ("256MiB", 268_435_456), ("1 gb", 1_000_000_000), ("7b", 7)]
        {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "MiB", "1.5GiB", "-1", "12 parsecs", "20000000TiB", "0x10", "１２"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
