//! Packages, and the distribution that an image is of.

use serde::{Deserialize, Serialize};

/// Who packed it, which decides how its versions are ordered and where its advisories are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Debian's packages, also of Ubuntu.
    Deb,
    /// Alpine's packages, also of Wolfi.
    Apk,
    /// RPM packages.
    Rpm,
    /// From the Python Package Index.
    Python,
    /// From npm.
    Node,
    /// From RubyGems.
    Ruby,
    /// Modules of Go.
    Go,
    /// From crates.io.
    Rust,
    /// From Maven's repositories.
    Java,
}

impl Kind {
    /// The ecosystem of OSV, where it does not depend on the distribution.
    pub fn ecosystem(self) -> Option<&'static str> {
        match self {
            Self::Deb | Self::Apk | Self::Rpm => None,
            Self::Python => Some("PyPI"),
            Self::Node => Some("npm"),
            Self::Ruby => Some("RubyGems"),
            Self::Go => Some("Go"),
            Self::Rust => Some("crates.io"),
            Self::Java => Some("Maven"),
        }
    }
}

/// A package in an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Package {
    /// Who packed it.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The source that it was built from, with the version of that, where those are others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<(String, String)>,
}

impl Package {
    /// A package without a source of another name.
    pub(crate) fn new(kind: Kind, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { kind, name: name.into(), version: version.into(), source: None }
    }
}

/// Bytes of what a distribution is called; longer is no name.
const LONGEST: usize = 256;

/// What an image says of its distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// `ID` of os-release.
    pub id: String,
    /// `VERSION_ID`; rolling distributions have none.
    pub version: String,
}

impl Release {
    /// Reads a file os-release.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mut id, mut version) = (None, "");
        for (key, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
            let value = value.trim_matches(['"', '\'']);
            match key {
                "ID" => id = Some(value),
                "VERSION_ID" => version = value,
                _ => {}
            }
        }
        let id = id.filter(|id| id.len() <= LONGEST && version.len() <= LONGEST)?;
        Some(Self { id: id.to_owned(), version: version.to_owned() })
    }

    /// The ecosystems of OSV whose advisories are about this distribution, the exact one first.
    pub fn ecosystems(&self) -> Vec<String> {
        let version = self.version.as_str();
        let major = version.split('.').next().unwrap_or_default();
        let minor = version.split('.').take(2).collect::<Vec<_>>().join(".");
        match self.id.as_str() {
            "debian" => vec![format!("Debian:{major}"), "Debian".to_owned()],
            "ubuntu" => vec![format!("Ubuntu:{version}:LTS"), format!("Ubuntu:{version}"), "Ubuntu".to_owned()],
            "alpine" => vec![format!("Alpine:v{minor}"), "Alpine".to_owned()],
            "wolfi" => vec!["Wolfi".to_owned()],
            "chainguard" => vec!["Chainguard".to_owned()],
            "rocky" => vec![format!("Rocky Linux:{major}"), "Rocky Linux".to_owned()],
            "almalinux" => vec![format!("AlmaLinux:{major}"), "AlmaLinux".to_owned()],
            "opensuse-leap" => vec![format!("openSUSE:Leap {version}")],
            "opensuse-tumbleweed" => vec!["openSUSE:Tumbleweed".to_owned()],
            "mageia" => vec![format!("Mageia:{version}")],
            "photon" => vec![format!("Photon OS:{version}")],
            "azurelinux" | "mariner" => vec![format!("Azure Linux:{major}")],
            "openEuler" => vec![format!("openEuler:{version}")],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ecosystem(text: &str) -> Option<String> {
        Release::parse(text).and_then(|release| release.ecosystems().into_iter().next())
    }

    #[test]
    fn distributions_have_the_ecosystems_of_osv() {
        assert_eq!(ecosystem("PRETTY_NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n").as_deref(), Some("Debian:12"));
        assert_eq!(ecosystem("ID=alpine\nVERSION_ID=3.18.4").as_deref(), Some("Alpine:v3.18"));
        assert_eq!(ecosystem("ID=ubuntu\nVERSION_ID='22.04'").as_deref(), Some("Ubuntu:22.04:LTS"));
        assert_eq!(ecosystem("ID=\"rocky\"\nVERSION_ID=\"9.3\"").as_deref(), Some("Rocky Linux:9"));
        assert_eq!(ecosystem("ID=plan9"), None);
        assert_eq!(ecosystem("VERSION_ID=1"), None);
    }
}
