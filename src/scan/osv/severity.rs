//! How bad a vulnerability is: what the distribution says, else what its CVSS vector comes to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cvss;

/// A severity, as ECR names them, from the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Nobody said.
    #[default]
    Undefined,
    /// Of no importance.
    Informational,
    /// Little.
    Low,
    /// Something.
    Medium,
    /// Much.
    High,
    /// All that is bad.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational, Self::Undefined];

    /// As ECR spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undefined => "UNDEFINED",
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }

    /// The severity of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text)
    }

    /// By the words of distributions: GitHub, Debian and Ubuntu, Red Hat and SUSE have their own.
    fn of_word(word: &str) -> Option<Self> {
        Some(match word.trim_end_matches(['*', ' ']).to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" => Self::Low,
            "negligible" | "unimportant" | "none" => Self::Informational,
            _ => return None,
        })
    }

    /// CVSS, "Qualitative Severity Rating Scale".
    fn of_score(score: f64) -> Self {
        match score {
            _ if score >= 9.0 => Self::Critical,
            _ if score >= 7.0 => Self::High,
            _ if score >= 4.0 => Self::Medium,
            _ if score > 0.0 => Self::Low,
            _ => Self::Informational,
        }
    }
}

/// How bad something is, and why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// In one word.
    pub severity: Severity,
    /// The vector of CVSS that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
    /// What it comes to, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// What an advisory gives: words, and vectors with their scores.
pub(super) struct Given {
    word: Option<Severity>,
    vector: Option<(String, Option<f64>)>,
}

/// Reads the list `severity`. Of several vectors the newest kind counts whose score is known.
pub(super) fn vectors<'t>(list: impl Iterator<Item = (&'t str, &'t str)>) -> Given {
    let mut given = Given { word: None, vector: None };
    let mut rank = 0;
    for (kind, text) in list {
        let (of, score) = match kind {
            "CVSS_V3" => (3, cvss::version_3(text)),
            "CVSS_V2" => (2, cvss::version_2(text)),
            // Its score comes from a table of thousands of lines; the word beside it counts.
            "CVSS_V4" => (1, None),
            _ => {
                given.word = given.word.or(Severity::of_word(text));
                continue;
            }
        };
        if of > rank && text.len() <= 256 {
            rank = of;
            given.vector = Some((text.to_owned(), score));
        }
    }
    given
}

/// The rating of these, of which words count more.
pub(super) fn rate(specific: &[&Value], given: &Given) -> Rating {
    let word = |value: &Value| {
        ["severity", "urgency", "priority", "rating"]
            .iter()
            .find_map(|key| value.get(*key).and_then(Value::as_str).and_then(Severity::of_word))
    };
    let word = specific.iter().find_map(|value| word(value)).or(given.word);
    let (vector, score) = match &given.vector {
        Some((vector, score)) => (Some(vector.clone()), *score),
        None => (None, None),
    };
    let severity = word.or(score.map(Severity::of_score)).unwrap_or_default();
    Rating { severity, vector, score }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

    fn rated(specific: &Value, list: &[(&str, &str)]) -> Severity {
        rate(&[specific], &vectors(list.iter().copied())).severity
    }

    #[test]
    fn what_the_distribution_says_counts_more_than_a_score() {
        let none = json!(null);
        assert_eq!(rated(&none, &[("CVSS_V3", CRITICAL)]), Severity::Critical);
        assert_eq!(rated(&json!({"severity": "MODERATE"}), &[("CVSS_V3", CRITICAL)]), Severity::Medium);
        assert_eq!(rated(&json!({"urgency": "unimportant"}), &[]), Severity::Informational);
        assert_eq!(rated(&json!({"urgency": "not yet assigned"}), &[("CVSS_V3", CRITICAL)]), Severity::Critical);
        assert_eq!(rated(&none, &[("CVSS_V3", CRITICAL), ("Ubuntu", "low")]), Severity::Low);
        assert_eq!(rated(&none, &[("CVSS_V4", "CVSS:4.0/AV:N")]), Severity::Undefined);
        assert_eq!(rated(&none, &[("CVSS_V3", "junk")]), Severity::Undefined);
        assert_eq!(rated(&none, &[]), Severity::Undefined);
    }

    #[test]
    fn severities_are_ordered() {
        let mut sorted = Severity::ALL;
        sorted.sort();
        sorted.reverse();
        assert_eq!(sorted, Severity::ALL);
        assert_eq!(Severity::parse("HIGH"), Some(Severity::High));
        assert_eq!(Severity::parse("high"), None);
    }
}
