//! The files in which AWS's clients keep profiles: sections in brackets, `name = value` lines, comments. Lines that are
//! indented belong to a nested setting and are passed over.

use std::collections::BTreeMap;
use std::path::Path;

/// Which of the two files; they name their sections differently.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `~/.aws/credentials`: `[name]`.
    Credentials,
    /// `~/.aws/config`: `[profile name]`, and `[default]`.
    Config,
}

/// A file of profiles.
pub(super) struct File {
    sections: BTreeMap<String, BTreeMap<String, String>>,
    kind: Kind,
}

impl File {
    /// Reads a file. None if it cannot be read: a file that is not there is the ordinary case.
    pub(super) fn read(path: &Path, kind: Kind) -> Option<Self> {
        Some(Self::parse(&std::fs::read_to_string(path).ok()?, kind))
    }

    fn parse(text: &str, kind: Kind) -> Self {
        let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut section = None;
        for line in text.lines() {
            let content = line.trim();
            if content.is_empty() || content.starts_with(['#', ';']) || line.starts_with([' ', '\t']) {
                continue;
            }
            if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                section = Some(name.split_whitespace().collect::<Vec<_>>().join(" "));
                continue;
            }
            if let (Some(section), Some((name, value))) = (&section, content.split_once('=')) {
                let value = value.split(" #").next().unwrap_or_default().trim();
                let members = sections.entry(section.clone()).or_default();
                members.insert(name.trim().to_ascii_lowercase(), value.to_owned());
            }
        }
        Self { sections, kind }
    }

    /// The settings of a profile.
    pub(super) fn profile(mut self, name: &str) -> Option<BTreeMap<String, String>> {
        let prefixed = format!("profile {name}");
        let section = match self.kind {
            Kind::Config if self.sections.contains_key(&prefixed) => &prefixed,
            // Without the word there is only the default one.
            Kind::Config if name != "default" => return None,
            Kind::Config | Kind::Credentials => name,
        };
        self.sections.remove(section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_read() {
        let text = "# a comment\n[default]\nRegion = eu-west-1 # why\ns3 =\n  region = nested\n[profile  ci]\nkey=a=b\n[ci]\nkey=c\n";
        let get = |kind, profile: &str, name: &str| File::parse(text, kind).profile(profile)?.get(name).cloned();
        assert_eq!(get(Kind::Config, "default", "region").as_deref(), Some("eu-west-1"));
        assert_eq!(get(Kind::Config, "ci", "key").as_deref(), Some("a=b"));
        assert_eq!(get(Kind::Credentials, "ci", "key").as_deref(), Some("c"));
        assert_eq!(get(Kind::Config, "other", "key"), None);
    }
}
