//! Advisories in the OSV format (ossf/osv-schema): reading them, and whether one is about a version.

pub mod archive;
mod cvss;
mod severity;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use severity::{Rating, Severity};

use crate::versions::Scheme;
use crate::{Error, Result};

/// Bytes of the longest text that is kept of an advisory.
const MAX_TEXT: usize = 2000;

/// What is known of a vulnerability, for whoever reads about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// Its name in its database.
    pub id: String,
    /// Its names elsewhere.
    pub aliases: Vec<String>,
    /// What it is about.
    pub description: String,
    /// Where there is more.
    pub url: String,
    /// How bad it is.
    pub rating: Rating,
}

/// What an advisory says of one package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Affected {
    /// Ranges of versions.
    pub ranges: Vec<Vec<Event>>,
    /// Single versions.
    pub versions: BTreeSet<String>,
    /// How bad it is there, if it is not as bad as elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
}

/// Where a range begins or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The first version that is vulnerable; `0` is before all versions.
    Introduced(String),
    /// The first version that is not.
    Fixed(String),
    /// The last version that is.
    LastAffected(String),
}

/// A document.
#[derive(Debug)]
pub struct Document {
    /// What it is about.
    pub advisory: Advisory,
    /// Whether it is taken back.
    pub withdrawn: bool,
    /// The ecosystem and the name of each package that it is about, with what it says of that one.
    pub affected: Vec<((String, String), Vec<Affected>)>,
}

#[derive(Deserialize)]
struct Text {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    upstream: Vec<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    details: String,
    withdrawn: Option<String>,
    #[serde(default)]
    severity: Vec<SeverityText>,
    #[serde(default)]
    references: Vec<ReferenceText>,
    #[serde(default)]
    affected: Vec<AffectedText>,
    #[serde(default)]
    database_specific: serde_json::Value,
}

#[derive(Deserialize)]
struct SeverityText {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct ReferenceText {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
struct AffectedText {
    package: Option<PackageText>,
    #[serde(default)]
    ranges: Vec<RangeText>,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    severity: Vec<SeverityText>,
    #[serde(default)]
    ecosystem_specific: serde_json::Value,
    #[serde(default)]
    database_specific: serde_json::Value,
}

#[derive(Deserialize)]
struct PackageText {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct RangeText {
    r#type: String,
    #[serde(default)]
    events: Vec<EventText>,
}

#[derive(Deserialize)]
struct EventText {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

impl Document {
    /// Reads a document.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text: Text = serde_json::from_slice(bytes)
            .map_err(|error| Error::Malformed(format!("not an advisory in the OSV format: {error}")))?;
        if text.id.is_empty() || text.id.len() > 256 {
            return Err(Error::Malformed("not an advisory in the OSV format: its id is no name".to_owned()));
        }
        let mut aliases: Vec<String> = text.aliases.into_iter().chain(text.upstream).collect();
        aliases.sort();
        aliases.dedup();
        let own = |url: &&ReferenceText| url.r#type == "ADVISORY" && url.url.starts_with("http");
        let url = text
            .references
            .iter()
            .find(own)
            .map_or_else(|| format!("https://osv.dev/vulnerability/{}", text.id), |reference| reference.url.clone());
        let description = if text.summary.is_empty() { text.details } else { text.summary };
        let vectors = severity::vectors(text.severity.iter().map(|one| (one.r#type.as_str(), one.score.as_str())));
        let rating = severity::rate(&[&text.database_specific], &vectors);
        let mut affected: Vec<((String, String), Vec<Affected>)> = Vec::new();
        for one in text.affected {
            let Some(package) = one.package else { continue };
            let Some(scheme) = Scheme::of(&package.ecosystem) else { continue };
            let mut ranges: Vec<Vec<Event>> = one
                .ranges
                .into_iter()
                .filter(|range| range.r#type != "GIT")
                .map(|range| range.events.into_iter().filter_map(EventText::event).collect())
                .collect();
            for range in &mut ranges {
                range.sort_by(|left, right| left.compare(right, scheme));
            }
            let vectors = severity::vectors(one.severity.iter().map(|one| (one.r#type.as_str(), one.score.as_str())));
            let here = severity::rate(&[&one.ecosystem_specific, &one.database_specific], &vectors);
            let entry = Affected {
                ranges,
                versions: one.versions.into_iter().collect(),
                rating: (here.severity != Severity::Undefined).then_some(here),
            };
            let key = (package.ecosystem.clone(), key(&package.ecosystem, &package.name));
            match affected.iter_mut().find(|(known, _)| *known == key) {
                Some((_, entries)) => entries.push(entry),
                None => affected.push((key, vec![entry])),
            }
        }
        Ok(Self {
            advisory: Advisory { id: text.id, aliases, description: shortened(description), url, rating },
            withdrawn: text.withdrawn.is_some(),
            affected,
        })
    }
}

impl EventText {
    fn event(self) -> Option<Event> {
        let Self { introduced, fixed, last_affected } = self;
        introduced.map(Event::Introduced).or(fixed.map(Event::Fixed)).or(last_affected.map(Event::LastAffected))
    }
}

impl Event {
    fn version(&self) -> &str {
        match self {
            Self::Introduced(version) | Self::Fixed(version) | Self::LastAffected(version) => version,
        }
    }

    fn compare(&self, other: &Self, scheme: Scheme) -> std::cmp::Ordering {
        let beginning = |event: &Self| !matches!(event, Self::Introduced(version) if version == "0");
        beginning(self)
            .cmp(&beginning(other))
            .then_with(|| scheme.compare(self.version(), other.version()))
            // Of two at one version the end comes first: it is vulnerable again.
            .then_with(|| matches!(self, Self::Introduced(_)).cmp(&matches!(other, Self::Introduced(_))))
    }
}

impl Affected {
    /// Whether a version is vulnerable, and from which version on it no longer is, if that is known.
    pub fn contains(&self, scheme: Scheme, version: &str) -> Option<Option<&str>> {
        for range in &self.ranges {
            let mut vulnerable = false;
            let mut fixed = None;
            for event in range {
                let order = scheme.compare(version, event.version());
                match event {
                    Event::Introduced(from) if from == "0" || order.is_ge() => vulnerable = true,
                    Event::Fixed(_) if order.is_ge() => vulnerable = false,
                    Event::LastAffected(_) if order.is_gt() => vulnerable = false,
                    Event::Fixed(at) if vulnerable && fixed.is_none() => fixed = Some(at.as_str()),
                    _ => {}
                }
            }
            if vulnerable {
                return Some(fixed);
            }
        }
        self.versions.contains(version).then_some(None)
    }
}

impl Advisory {
    /// The name by which it is known most widely: its CVE, if it is about one.
    pub fn name(&self) -> &str {
        let mut cves = std::iter::once(&self.id).chain(&self.aliases).filter(|name| name.starts_with("CVE-"));
        match (cves.next(), cves.next()) {
            (Some(cve), None) => cve,
            _ => &self.id,
        }
    }
}

/// The name under which a package is looked up: Python's names are written in several ways.
pub fn key(ecosystem: &str, name: &str) -> String {
    if ecosystem != "PyPI" {
        return name.to_owned();
    }
    let mut key = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if key.ends_with('-') => {}
            '-' | '_' | '.' => key.push('-'),
            _ => key.push(character.to_ascii_lowercase()),
        }
    }
    key
}

fn shortened(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let end = (0..=MAX_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affected(ranges: &str, versions: &str) -> Affected {
        let text = format!(
            r#"{{"id":"X-1","affected":[{{"package":{{"ecosystem":"Debian:12","name":"a"}},"ranges":{ranges},"versions":{versions}}}]}}"#
        );
        Document::parse(text.as_bytes()).unwrap().affected.remove(0).1.remove(0)
    }

    fn contains(affected: &Affected, version: &str) -> Option<Option<String>> {
        affected.contains(Scheme::Deb, version).map(|fixed| fixed.map(str::to_owned))
    }

    #[test]
    fn ranges_are_evaluated_whatever_the_order_of_their_events() {
        let one = affected(
            r#"[{"type":"ECOSYSTEM","events":[{"fixed":"1.10"},{"introduced":"0"},{"introduced":"2.0"},{"fixed":"2.5"}]}]"#,
            "[]",
        );
        for (version, fixed) in [
            ("0~1", Some("1.10")),
            ("1.9", Some("1.10")),
            ("1.10", None),
            ("1.99", None),
            ("2.0", Some("2.5")),
            ("2.5", None),
        ] {
            assert_eq!(contains(&one, version), fixed.map(|fixed| Some(fixed.to_owned())), "{version}");
        }
        let last = affected(r#"[{"type":"ECOSYSTEM","events":[{"introduced":"1"},{"last_affected":"3"}]}]"#, "[]");
        assert_eq!(
            ["0", "1", "3", "3.1"].map(|version| contains(&last, version).is_some()),
            [false, true, true, false]
        );
        let open = affected(
            r#"[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]},{"type":"GIT","events":[{"introduced":"0"}]}]"#,
            "[]",
        );
        assert_eq!(contains(&open, "99"), Some(None));
        let listed = affected("[]", r#"["1.0","1.2"]"#);
        assert_eq!((contains(&listed, "1.2"), contains(&listed, "1.1")), (Some(None), None));
        let git = affected(r#"[{"type":"GIT","events":[{"introduced":"0"}]}]"#, "[]");
        assert_eq!(contains(&git, "1"), None);
    }

    #[test]
    fn an_advisory_goes_by_its_cve_if_it_has_one() {
        let name = |text: &str| Document::parse(text.as_bytes()).unwrap().advisory.name().to_owned();
        assert_eq!(name(r#"{"id":"GHSA-1","aliases":["CVE-2024-1"]}"#), "CVE-2024-1");
        assert_eq!(name(r#"{"id":"DEBIAN-CVE-2024-1","upstream":["CVE-2024-1"]}"#), "CVE-2024-1");
        assert_eq!(name(r#"{"id":"DSA-1","upstream":["CVE-2024-1","CVE-2024-2"]}"#), "DSA-1");
        assert_eq!(name(r#"{"id":"CVE-2024-3"}"#), "CVE-2024-3");
    }

    #[test]
    fn names_of_python_are_one_however_they_are_written() {
        assert_eq!(key("PyPI", "Foo_.Bar"), "foo-bar");
        assert_eq!(key("npm", "Foo_.Bar"), "Foo_.Bar");
    }

    #[test]
    fn what_is_no_advisory_is_refused() {
        for text in ["", "[]", "{}", r#"{"id":""}"#, r#"{"id":1}"#, r#"{"id":"a","affected":{}}"#] {
            assert!(Document::parse(text.as_bytes()).is_err(), "{text}");
        }
        // Ecosystems whose order of versions is not known are left out.
        let other = r#"{"id":"a","affected":[{"package":{"ecosystem":"Hex","name":"x"}},{}]}"#;
        assert!(Document::parse(other.as_bytes()).unwrap().affected.is_empty());
    }
}
