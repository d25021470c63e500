//! Sizes of tasks: `1024`, `1 vCPU` and `.5 vcpu` are CPU units, `512`, `2GB` and `0.5 GB` are MiB.

/// CPU units of a vCPU, and MiB of a GB as ECS counts it.
const THOUSANDTHS: i64 = 1024;

/// CPU units.
pub(crate) fn cpu(text: &str) -> Option<i64> {
    parse(text, "vcpu")
}

/// MiB.
pub(crate) fn memory(text: &str) -> Option<i64> {
    parse(text, "gb")
}

/// A whole number of the small unit, or a number of the large one with at most three decimals.
fn parse(text: &str, unit: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let Some(large) = text.strip_suffix(unit) else {
        return digits(&text);
    };
    let (whole, fraction) = large.trim_end().split_once('.').unwrap_or((large.trim_end(), ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 3 {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { digits(whole)? };
    let thousandths = if fraction.is_empty() { 0 } else { digits(&format!("{fraction:0<3}"))? };
    whole.checked_mul(THOUSANDTHS)?.checked_add(thousandths * THOUSANDTHS / 1000)
}

fn digits(text: &str) -> Option<i64> {
    let short = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if short { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_with_or_without_a_unit() {
        for (text, units) in [
            ("256", 256),
            ("1 vCPU", 1024),
            ("1vcpu", 1024),
            (".5 vCPU", 512),
            ("0.25 vCPU", 256),
            ("1.125 vcpu", 1152),
            ("16 vCPU", 16384),
        ] {
            assert_eq!(cpu(text), Some(units), "{text}");
        }
        for (text, mib) in [("512", 512), ("2GB", 2048), ("0.5 GB", 512), ("30 gb", 30720)] {
            assert_eq!(memory(text), Some(mib), "{text}");
        }
        for text in ["", " ", "vCPU", ". vCPU", "-1", "1.5", "1 GB", "1e3", "9999999999", "1.0001 vCPU", "one", "١"] {
            assert_eq!(cpu(text), None, "{text}");
        }
    }
}
