//! Where the buckets are whose objects are environment files of tasks: a folder of this machine, or the S3 server of the
//! settings for it.

use std::path::PathBuf;

use super::problems::Problems;
use super::sources::Sources;
use super::storage::S3;
use super::validate;

/// The value that means the S3 server.
pub(super) const ON_S3: &str = "s3:";

/// Where the buckets are.
#[derive(Debug, Clone)]
pub(crate) enum EnvironmentFiles {
    /// Folders in a folder.
    Folder(PathBuf),
    /// On a server; the bucket of this is not looked at.
    S3(S3),
}

impl EnvironmentFiles {
    /// Reads `environment_files`; none after a fault.
    pub(super) fn read(sources: &Sources, problems: &mut Problems) -> Option<Option<Self>> {
        let Some(text) = sources.given("environment_files") else {
            return Some(None);
        };
        if text == ON_S3 {
            return S3::read(String::new(), String::new(), sources, problems).map(|s3| Some(Self::S3(s3)));
        }
        match text.strip_prefix("file:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some(path) if !path.is_empty() => Some(Some(Self::Folder(PathBuf::from(path)))),
            _ => {
                validate::fault("environment_files", "must be file:DIRECTORY or s3:", problems);
                None
            }
        }
    }
}
