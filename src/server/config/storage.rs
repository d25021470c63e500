//! Where blobs are kept: a directory, or a bucket of an S3-compatible server with its credentials.

use std::path::{Path, PathBuf};

use types::Secret;

use super::{problems::Problems, sources::Sources, url, validate};

/// The blob storage.
#[derive(Debug, Clone)]
pub(crate) enum Storage {
    /// A directory on a local disk.
    Disk(PathBuf),
    /// A bucket.
    S3(S3),
}

/// A bucket of an S3-compatible server.
#[derive(Debug, Clone)]
pub(crate) struct S3 {
    /// The bucket.
    pub(crate) bucket: String,
    /// What every key begins with; empty or without slashes at its ends.
    pub(crate) prefix: String,
    /// The server, or Amazon's for the region.
    pub(crate) endpoint: Option<String>,
    /// The server as clients reach it, for redirects; `None` is the same as `endpoint`.
    pub(crate) public_endpoint: Option<String>,
    /// The region that requests are signed for.
    pub(crate) region: String,
    /// Whether the bucket stands in the path and not in the host name.
    pub(crate) path_style: bool,
    /// Whether blobs are encrypted as their repositories say; else as is set for the bucket.
    pub(crate) repository_encryption: bool,
    /// The keys; `None` means that the platform gives them (an instance or task role).
    pub(crate) credentials: Option<S3Credentials>,
}

/// The keys of an S3-compatible server.
#[derive(Debug, Clone)]
pub(crate) struct S3Credentials {
    /// The access key id.
    pub(crate) access_key_id: String,
    /// The secret access key.
    pub(crate) secret_access_key: Secret,
    /// The token of temporary credentials.
    pub(crate) session_token: Option<Secret>,
}

const S3_SETTINGS: [&str; 6] =
    ["s3_endpoint", "s3_public_endpoint", "s3_region", "s3_path_style", "s3_access_key_id", "s3_secret_access_key"];

/// Whether repositories say how blobs are encrypted.
const ENCRYPTIONS: [(&str, bool); 2] = [("none", false), ("repository", true)];

impl Storage {
    /// Reads `storage_url` and the settings that belong to it. `None` after a fault.
    pub(crate) fn read(sources: &Sources, data_dir: &Path, problems: &mut Problems) -> Option<Self> {
        let redirect = validate::switch(sources, "blob_redirect", problems);
        let elsewhere = sources.given("environment_files").is_some_and(|text| text == super::environment_files::ON_S3);
        let encryption = validate::word(sources, "s3_encryption", problems, ENCRYPTIONS);
        let location = match sources.given("storage_url") {
            None => Ok(Location::Disk(data_dir.join("blobs"))),
            Some(text) => Location::parse(text),
        };
        match location {
            Ok(Location::Disk(path)) => {
                // Forgetting the storage URL would otherwise fill the local disk in silence.
                for key in S3_SETTINGS.into_iter().filter(|key| !elsewhere && sources.given(key).is_some()) {
                    validate::fault(key, "has no effect unless WHARF_STORAGE_URL is s3://…", problems);
                }
                if encryption == Some(true) {
                    let fault = "repository needs WHARF_STORAGE_URL to be s3://…; a directory encrypts nothing";
                    validate::fault("s3_encryption", fault, problems);
                }
                if redirect == Some(true) {
                    validate::fault("blob_redirect", "needs WHARF_STORAGE_URL to be s3://…", problems);
                }
                Some(Self::Disk(path))
            }
            Ok(Location::Bucket { bucket, prefix }) => {
                let s3 = S3::read(bucket, prefix, sources, problems)?;
                Some(Self::S3(S3 { repository_encryption: encryption?, ..s3 }))
            }
            Err(fault) => {
                validate::fault("storage_url", fault, problems);
                None
            }
        }
    }
}

impl Storage {
    /// Whether blobs are encrypted as their repositories say.
    pub(crate) fn repository_encryption(&self) -> bool {
        matches!(self, Self::S3(s3) if s3.repository_encryption)
    }
}

enum Location {
    Disk(PathBuf),
    Bucket { bucket: String, prefix: String },
}

impl Location {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err("'file:' needs the path of a directory".to_owned()),
                path => Ok(Self::Disk(PathBuf::from(path))),
            };
        }
        let Some(rest) = text.strip_prefix("s3://") else {
            return Err(format!("'{}' begins with neither file: nor s3://", super::database::redact(text)));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        let legal = |text: &str, more: &[u8]| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte) || more.contains(&byte))
        };
        if !(3..=63).contains(&bucket.len()) || !legal(bucket, b"") {
            // Not shown: whoever puts keys before it finds them in no log.
            let keys = "keys go into WHARF_S3_ACCESS_KEY_ID and WHARF_S3_SECRET_ACCESS_KEY";
            return Err(format!("the bucket must be named by 3 to 63 letters, digits, - . _; {keys}"));
        }
        if !legal(prefix, b"/") || prefix.split('/').any(|part| part == "." || part == "..") || prefix.contains("//") {
            return Err(format!("'{prefix}' is not a usable prefix: letters, digits, - . _ / only"));
        }
        Ok(Self::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl S3 {
    pub(super) fn read(bucket: String, prefix: String, sources: &Sources, problems: &mut Problems) -> Option<Self> {
        let first_of = |key: &str, variables: &[&str]| {
            let shared = || variables.iter().find_map(|variable| sources.variable(variable));
            sources.given(key).or_else(shared).map(str::to_owned)
        };
        let mut checked_url = |key: &str, url: Option<String>| match url.as_deref().map(url::base).transpose() {
            Ok(url) => url,
            Err(fault) => {
                validate::fault(key, fault, problems);
                None
            }
        };
        let endpoint =
            checked_url("s3_endpoint", first_of("s3_endpoint", &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]));
        let public_endpoint = checked_url("s3_public_endpoint", first_of("s3_public_endpoint", &[]));
        let region = first_of("s3_region", &["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let path_style = match sources.given("s3_path_style") {
            Some(_) => validate::switch(sources, "s3_path_style", problems)?,
            None => endpoint.is_some(),
        };
        Some(Self {
            bucket,
            prefix,
            path_style,
            endpoint,
            public_endpoint,
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
            repository_encryption: false,
            credentials: S3Credentials::read(sources, problems),
        })
    }
}

impl S3Credentials {
    fn read(sources: &Sources, problems: &mut Problems) -> Option<Self> {
        let own = validate::pair(sources, "s3_access_key_id", "s3_secret_access_key", problems);
        if let Some((id, secret)) = own {
            return Some(Self {
                access_key_id: id.to_owned(),
                secret_access_key: Secret::new(secret),
                session_token: None,
            });
        }
        match (sources.variable("AWS_ACCESS_KEY_ID"), sources.variable("AWS_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => Some(Self {
                access_key_id: id.to_owned(),
                secret_access_key: Secret::new(secret),
                session_token: sources.variable("AWS_SESSION_TOKEN").map(Secret::new),
            }),
            (None, None) => None,
            (Some(_), None) => {
                problems.add("AWS_SECRET_ACCESS_KEY", "is missing beside AWS_ACCESS_KEY_ID");
                None
            }
            (None, Some(_)) => {
                problems.add("AWS_ACCESS_KEY_ID", "is missing beside AWS_SECRET_ACCESS_KEY");
                None
            }
        }
    }
}
