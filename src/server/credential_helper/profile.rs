//! The files in which AWS's clients keep profiles: sections in brackets, `name = value` lines, comments. Lines that are
//! indented belong to a nested setting and are passed over.

use std::collections::BTreeMap;
use std::path::Path;

use aws::Credentials;
use types::Secret;

use super::environment::Environment;

type Settings = BTreeMap<String, String>;

/// Which of the two files; they name their sections differently.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `~/.aws/credentials`: `[name]`.
    Credentials,
    /// `~/.aws/config`: `[profile name]`, and `[default]`.
    Config,
}

/// A file of profiles.
struct File {
    sections: BTreeMap<String, Settings>,
    kind: Kind,
}

/// Both files.
pub(super) struct Profiles {
    credentials: File,
    config: File,
}

/// What the files say of one profile. The default is a profile that says nothing.
#[derive(Clone, Copy, Default)]
pub(super) struct Profile<'f> {
    credentials: Option<&'f Settings>,
    config: Option<&'f Settings>,
}

impl Profiles {
    /// Reads the files. One that cannot be read has no profiles: that it is not there is the ordinary case.
    pub(super) fn read(environment: &Environment) -> Self {
        Self {
            credentials: File::read(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials", Kind::Credentials),
            config: File::read(environment, "AWS_CONFIG_FILE", "config", Kind::Config),
        }
    }

    /// A profile, if one of the files has it.
    pub(super) fn find(&self, name: &str) -> Option<Profile<'_>> {
        let profile = Profile { credentials: self.credentials.profile(name), config: self.config.profile(name) };
        (profile.credentials.is_some() || profile.config.is_some()).then_some(profile)
    }
}

impl<'f> Profile<'f> {
    /// A setting. What the file of credentials says counts first.
    pub(super) fn get(self, name: &str) -> Option<&'f str> {
        let of = |settings: Option<&'f Settings>| settings?.get(name).map(String::as_str);
        of(self.credentials).or_else(|| of(self.config)).filter(|value| !value.is_empty())
    }

    /// The keys in the file of credentials.
    pub(super) fn credentials_keys(self) -> Option<Credentials> {
        keys(self.credentials?)
    }

    /// The keys in the file of settings.
    pub(super) fn config_keys(self) -> Option<Credentials> {
        keys(self.config?)
    }
}

fn keys(settings: &Settings) -> Option<Credentials> {
    Some(Credentials {
        access_key_id: settings.get("aws_access_key_id")?.clone(),
        secret_access_key: Secret::new(settings.get("aws_secret_access_key")?.as_str()),
        session_token: settings
            .get("aws_session_token")
            .filter(|token| !token.is_empty())
            .map(|token| Secret::new(token.as_str())),
    })
}

impl File {
    fn read(environment: &Environment, variable: &str, name: &str, kind: Kind) -> Self {
        let read = |path: &Path| std::fs::read_to_string(path).ok();
        let text = environment.file(variable, name).and_then(|path| read(&path)).unwrap_or_default();
        Self::parse(&text, kind)
    }

    fn parse(text: &str, kind: Kind) -> Self {
        let mut sections: BTreeMap<String, Settings> = BTreeMap::new();
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
    fn profile(&self, name: &str) -> Option<&Settings> {
        let prefixed = format!("profile {name}");
        let section = match self.kind {
            Kind::Config if self.sections.contains_key(&prefixed) => &prefixed,
            // Without the word there is only the default one.
            Kind::Config if name != "default" => return None,
            Kind::Config | Kind::Credentials => name,
        };
        self.sections.get(section)
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

    #[test]
    fn what_the_file_of_credentials_says_counts_first() {
        let profiles = Profiles {
            credentials: File::parse("[ci]\nrole_arn = one\n", Kind::Credentials),
            config: File::parse("[profile ci]\nrole_arn = two\nregion = eu-west-1\n", Kind::Config),
        };
        let profile = profiles.find("ci").unwrap();
        assert_eq!((profile.get("role_arn"), profile.get("region")), (Some("one"), Some("eu-west-1")));
        assert!(profiles.find("other").is_none());
    }
}
