//! The list of everything that is wrong with the settings: collected while they are read, reported at once.

use std::fmt;

/// One or more faults, each a line that begins with the name of the setting. No line contains a secret.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    /// Notes that `setting` has a fault.
    pub(crate) fn add(&mut self, setting: &str, fault: impl fmt::Display) {
        self.0.push(format!("{setting}: {fault}"));
    }

    /// `value` if nothing was wrong, else the list.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}
