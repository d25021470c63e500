//! Reports of other scanners, in the form of Harbor's pluggable scanner API. Whoever sends one is not trusted with memory:
//! a report is of bounded length, names a bounded number of vulnerabilities, and no text of it is kept beyond its limit.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use scan::osv::Severity;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor};
use store::image_scan_findings::FindingRow;
use store::image_scans::{Outcome, Status};
use types::{Digest, Timestamp};

use super::finish::MAX_FINDINGS;
use super::{Counts, Finding, SUCCESS};
use crate::{App, Error, Result};

/// The longest report.
pub const MAX_REPORT: usize = 32 << 20;
/// Vulnerabilities in one report.
const MAX_VULNERABILITIES: usize = 100_000;
/// Bytes of a name or a version.
const MAX_NAME: usize = 512;
/// Bytes of a description or an address.
const MAX_TEXT: usize = 4096;

/// What a scanner says of an image.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    /// Which request it answers. Only messages have it.
    pub(super) id: Option<String>,
    /// `FAILED` if the image could not be scanned. Only messages have it.
    pub(super) status: Option<String>,
    /// What there is to say about that.
    pub(super) description: Option<String>,
    /// Which image it is about, if it says so.
    pub(super) artifact: Option<Artifact>,
    #[serde(default, deserialize_with = "vulnerabilities")]
    vulnerabilities: Vec<Vulnerability>,
}

/// An image as reports name it.
#[derive(Debug, Deserialize)]
pub(super) struct Artifact {
    pub(super) digest: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Vulnerability {
    id: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    version: String,
    fix_version: Option<String>,
    #[serde(default)]
    severity: String,
    description: Option<String>,
    #[serde(default)]
    links: First,
    #[serde(default)]
    preferred_cvss: Option<Cvss>,
    #[serde(default)]
    cve3_score: Score,
    #[serde(default)]
    cve2_score: Score,
    cvss3_vector: Option<String>,
    cvss2_vector: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Cvss {
    #[serde(default)]
    score_v3: Score,
    #[serde(default)]
    score_v2: Score,
    vector_v3: Option<String>,
    vector_v2: Option<String>,
}

/// The first text of a list; the others are not kept.
#[derive(Debug, Default)]
struct First(Option<String>);

/// A number, or a text that is one: both are found.
#[derive(Debug, Default, Clone, Copy)]
struct Score(Option<f64>);

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = First;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts")
            }
            fn visit_unit<E>(self) -> std::result::Result<First, E> {
                Ok(First(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<First, A::Error> {
                let first = list.next_element::<String>()?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Score;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_unit<E>(self) -> std::result::Result<Score, E> {
                Ok(Score(None))
            }
            fn visit_f64<E>(self, number: f64) -> std::result::Result<Score, E> {
                Ok(Score(Some(number)))
            }
            fn visit_u64<E>(self, number: u64) -> std::result::Result<Score, E> {
                Ok(Score(u32::try_from(number).ok().map(f64::from)))
            }
            fn visit_i64<E>(self, _: i64) -> std::result::Result<Score, E> {
                Ok(Score(None))
            }
            fn visit_str<E>(self, text: &str) -> std::result::Result<Score, E> {
                Ok(Score(text.trim().parse().ok()))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// No more than there may be, and none for `null`.
fn vulnerabilities<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<Vulnerability>, D::Error> {
    struct List(PhantomData<Vulnerability>);
    impl<'de> Visitor<'de> for List {
        type Value = Vec<Vulnerability>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of vulnerabilities")
        }
        fn visit_unit<E>(self) -> std::result::Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Self::Value, A::Error> {
            let mut found = Vec::new();
            while let Some(vulnerability) = list.next_element()? {
                if found.len() == MAX_VULNERABILITIES {
                    return Err(A::Error::custom(format!("more than {MAX_VULNERABILITIES} vulnerabilities")));
                }
                found.push(vulnerability);
            }
            Ok(found)
        }
    }
    deserializer.deserialize_any(List(PhantomData))
}

/// Reads a report, on a thread where it keeps nobody waiting. The error says what is wrong with it.
pub(super) async fn read(bytes: Bytes) -> std::result::Result<Report, String> {
    let read = tokio::task::spawn_blocking(move || {
        serde_json::from_slice::<Report>(&bytes).map_err(|error| cut(&error.to_string(), MAX_NAME))
    });
    read.await.unwrap_or_else(|_| Err("it cannot be read".to_owned()))
}

impl Report {
    /// Whether it is about another image than this one, by its own word.
    pub(super) fn is_about_another(&self, digest: &Digest) -> bool {
        let named = self.artifact.as_ref().and_then(|artifact| artifact.digest.as_deref());
        named.is_some_and(|named| named != digest.as_str())
    }

    /// What it says, as results of a scan. `source_updated_at`: when the scanner last heard of vulnerabilities.
    pub(super) fn into_results(
        self,
        app: &App,
        source_updated_at: Option<Timestamp>,
    ) -> Result<(Outcome, Vec<FindingRow>)> {
        let mut found: BTreeMap<(String, String, String), (Severity, Finding)> = BTreeMap::new();
        for vulnerability in self.vulnerabilities {
            let (severity, finding) = vulnerability.into_finding();
            let key = (finding.name.clone(), finding.package.clone(), finding.version.clone());
            match found.get_mut(&key) {
                Some(known) if known.0 >= severity => {}
                Some(known) => *known = (severity, finding),
                None => drop(found.insert(key, (severity, finding))),
            }
        }
        let mut found: Vec<(Severity, Finding)> = found.into_values().collect();
        found.sort_by_key(|(severity, _)| Reverse(*severity));
        let mut counts = Counts::new();
        for (severity, _) in &found {
            *counts.entry(severity.as_str().to_owned()).or_default() += 1;
        }
        let outcome = Outcome {
            run_id: app.new_id(),
            status: Status::Complete,
            description: SUCCESS.to_owned(),
            packages: None,
            counts: serde_json::to_string(&counts).map_err(|_| Error::Internal)?,
            completed_at: app.now(),
            source_updated_at,
            matched_version: None,
        };
        let rows = (1..).zip(found.into_iter().take(MAX_FINDINGS)).map(|(position, (severity, finding))| {
            let document = serde_json::to_string(&finding).map_err(|_| Error::Internal)?;
            Ok(FindingRow { position, severity: severity as i64, document })
        });
        Ok((outcome, rows.collect::<Result<_>>()?))
    }
}

impl Vulnerability {
    fn into_finding(self) -> (Severity, Finding) {
        let severity = severity(&self.severity);
        let cvss = self.preferred_cvss.unwrap_or_default();
        let score = |score: Score| score.0.filter(|score| (0.0..=10.0).contains(score));
        let (vector_3, score_3) =
            (cvss.vector_v3.or(self.cvss3_vector), score(cvss.score_v3).or(score(self.cve3_score)));
        let (vector_2, score_2) =
            (cvss.vector_v2.or(self.cvss2_vector), score(cvss.score_v2).or(score(self.cve2_score)));
        let some = |text: Option<String>| text.filter(|text| !text.is_empty()).map(|text| cut(&text, MAX_NAME));
        let (vector, score) = match (some(vector_3), some(vector_2)) {
            (Some(vector), _) => (Some(vector), score_3),
            (None, Some(vector)) => (Some(vector), score_2),
            (None, None) => (None, score_3.or(score_2)),
        };
        let finding = Finding {
            name: cut(&self.id, MAX_NAME),
            aliases: Vec::new(),
            description: cut(&self.description.unwrap_or_default(), MAX_TEXT),
            url: cut(&self.links.0.unwrap_or_default(), MAX_TEXT),
            severity: severity.as_str().to_owned(),
            package: cut(&self.package, MAX_NAME),
            version: cut(&self.version, MAX_NAME),
            fixed: some(self.fix_version),
            vector,
            score,
            ecosystem: None,
        };
        (severity, finding)
    }
}

/// Harbor's severities are Clair's; ECR has a word for each.
fn severity(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" => Severity::High,
        "medium" => Severity::Medium,
        "low" => Severity::Low,
        "negligible" | "none" => Severity::Informational,
        _ => Severity::Undefined,
    }
}

/// At most so many bytes of a text.
pub(super) fn cut(text: &str, limit: usize) -> String {
    text[..text.floor_char_boundary(limit)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(text: &str) -> (Severity, Finding) {
        serde_json::from_str::<Vulnerability>(text).unwrap().into_finding()
    }

    #[test]
    fn both_generations_of_reports_are_read() {
        let (severity, old) = finding(
            r#"{"id":"CVE-1","package":"a","version":"1","fix_version":"","severity":"Negligible","links":["u","v"],
                "cve3_score":"9.8","cvss3_vector":"CVSS:3.0/X","vendor_attributes":{"a":[1]}}"#,
        );
        assert_eq!((severity, old.severity.as_str()), (Severity::Informational, "INFORMATIONAL"));
        assert_eq!((old.url.as_str(), old.fixed, old.score), ("u", None, Some(9.8)));
        assert_eq!(old.vector.as_deref(), Some("CVSS:3.0/X"));
        let (severity, new) = finding(
            r#"{"id":"CVE-2","severity":"Unknown","fix_version":"2","links":null,
                "preferred_cvss":{"score_v3":null,"vector_v3":"","score_v2":7,"vector_v2":"AV:N"}}"#,
        );
        assert_eq!((severity, new.fixed.as_deref(), new.score), (Severity::Undefined, Some("2"), Some(7.0)));
        assert_eq!((new.vector.as_deref(), new.url.as_str()), (Some("AV:N"), ""));
    }

    #[test]
    fn a_report_keeps_within_its_limits() {
        let (_, long) = finding(&format!(
            r#"{{"id":"{}","description":"{}","preferred_cvss":{{"score_v3":1e300}}}}"#,
            "é".repeat(9999),
            "d".repeat(99_999)
        ));
        assert_eq!((long.name.len(), long.description.len(), long.score), (MAX_NAME, MAX_TEXT, None));
        let many = |count: usize| {
            let one = r#"{"id":"a"}"#;
            serde_json::from_str::<Report>(&format!(r#"{{"vulnerabilities":[{}]}}"#, vec![one; count].join(",")))
        };
        assert!(many(MAX_VULNERABILITIES).is_ok());
        assert!(many(MAX_VULNERABILITIES + 1).unwrap_err().to_string().contains("more than"));
        for wrong in
            ["", "[]", r#"{"vulnerabilities":{}}"#, r#"{"vulnerabilities":[{}]}"#, r#"{"vulnerabilities":[{"id":1}]}"#]
        {
            assert!(serde_json::from_str::<Report>(wrong).is_err(), "{wrong}");
        }
        assert!(serde_json::from_str::<Report>(r#"{"vulnerabilities":null}"#).is_ok());
    }
}
