//! The variables of the environment, as AWS's clients read them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Variables that are text.
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Of these variables; others than text are nobody's.
    pub(crate) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self(variables.into_iter().filter_map(text).collect())
    }

    /// The value of the first of these that is set to something.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.0.get(*name)).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The profile that somebody named.
    pub(super) fn named_profile(&self) -> Option<&str> {
        self.get(&["AWS_PROFILE"]).or(self.get(&["AWS_DEFAULT_PROFILE"]))
    }

    /// The profile that counts.
    pub(super) fn profile(&self) -> &str {
        self.named_profile().unwrap_or("default")
    }

    /// Where a file of AWS's clients is: where the variable says, or under that name in `~/.aws`.
    pub(super) fn file(&self, variable: &str, name: &str) -> Option<PathBuf> {
        let path = match self.get(&[variable]) {
            Some(path) => PathBuf::from(path),
            None => PathBuf::from(self.get(&["HOME"])?).join(".aws").join(name),
        };
        Some(path)
    }
}
