//! Base scores of CVSS vectors, versions 2 and 3 (first.org, "Specification Document").

use std::collections::HashMap;

fn metrics(vector: &str) -> HashMap<&str, &str> {
    vector.split('/').filter_map(|metric| metric.split_once(':')).collect()
}

/// The base score of `CVSS:3.x/…`. None if it is no such vector.
pub(super) fn version_3(vector: &str) -> Option<f64> {
    let rest = vector.strip_prefix("CVSS:3.0/").or_else(|| vector.strip_prefix("CVSS:3.1/"))?;
    let metrics = metrics(rest);
    let weight = |metric: &str, values: &[(&str, f64)]| {
        let value = metrics.get(metric)?;
        values.iter().find(|(name, _)| name == value).map(|(_, weight)| *weight)
    };
    let changed = match *metrics.get("S")? {
        "C" => true,
        "U" => false,
        _ => return None,
    };
    let impact = [("H", 0.56), ("L", 0.22), ("N", 0.0)];
    let (confidentiality, integrity, availability) =
        (weight("C", &impact)?, weight("I", &impact)?, weight("A", &impact)?);
    let privileges =
        if changed { [("N", 0.85), ("L", 0.68), ("H", 0.5)] } else { [("N", 0.85), ("L", 0.62), ("H", 0.27)] };
    let exploitability = 8.22
        * weight("AV", &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)])?
        * weight("AC", &[("L", 0.77), ("H", 0.44)])?
        * weight("PR", &privileges)?
        * weight("UI", &[("N", 0.85), ("R", 0.62)])?;
    let base: f64 = 1.0 - (1.0 - confidentiality) * (1.0 - integrity) * (1.0 - availability);
    let impact = if changed { 7.52 * (base - 0.029) - 3.25 * (base - 0.02).powi(15) } else { 6.42 * base };
    if impact <= 0.0 {
        return Some(0.0);
    }
    let score = if changed { 1.08 * (impact + exploitability) } else { impact + exploitability };
    Some(round_up(score.min(10.0)))
}

/// To one decimal upward, as appendix A has it: so that every machine gets the same.
fn round_up(score: f64) -> f64 {
    let whole = (score * 100_000.0).round();
    if whole % 10_000.0 == 0.0 { whole / 100_000.0 } else { ((whole / 10_000.0).floor() + 1.0) / 10.0 }
}

/// The base score of a vector of version 2. None if it is none.
pub(super) fn version_2(vector: &str) -> Option<f64> {
    let metrics = metrics(vector.trim_start_matches('(').trim_end_matches(')'));
    let weight = |metric: &str, values: &[(&str, f64)]| {
        let value = metrics.get(metric)?;
        values.iter().find(|(name, _)| name == value).map(|(_, weight)| *weight)
    };
    let impact = [("N", 0.0), ("P", 0.275), ("C", 0.66)];
    let impact: f64 =
        10.41 * (1.0 - (1.0 - weight("C", &impact)?) * (1.0 - weight("I", &impact)?) * (1.0 - weight("A", &impact)?));
    let exploitability = 20.0
        * weight("AV", &[("L", 0.395), ("A", 0.646), ("N", 1.0)])?
        * weight("AC", &[("H", 0.35), ("M", 0.61), ("L", 0.71)])?
        * weight("Au", &[("M", 0.45), ("S", 0.56), ("N", 0.704)])?;
    let factor = if impact == 0.0 { 0.0 } else { 1.176 };
    Some((((0.6 * impact) + (0.4 * exploitability) - 1.5) * factor * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_national_vulnerability_database() {
        for (vector, score) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0), // CVE-2021-44228
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5), // CVE-2014-0160
            ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", 8.1), // CVE-2024-6387
            ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ] {
            assert_eq!(version_3(vector), Some(score), "{vector}");
        }
        assert_eq!(version_2("AV:N/AC:L/Au:N/C:P/I:N/A:N"), Some(5.0)); // CVE-2014-0160
        assert_eq!(version_2("AV:N/AC:L/Au:N/C:C/I:C/A:C"), Some(10.0));
    }

    #[test]
    fn what_is_no_vector_has_no_score() {
        for text in ["", "CVSS:3.1/", "CVSS:3.1/AV:N", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "AV:N"] {
            assert_eq!((version_3(text), version_2(text)), (None, None), "{text}");
        }
    }
}
