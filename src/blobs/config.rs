//! Where blobs are kept and the limits of keeping them. Values only; `server` reads them from flags, environment and
//! file.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Error, Result};

const MIB: usize = 1024 * 1024;

/// Settings of the blob store.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the bytes go.
    pub location: Location,
    /// Bytes that all uploads together may hold in memory; uploads wait when it is used up. Default 256 MiB.
    pub memory_budget: usize,
    /// How long a body may send nothing before the request is ended. Default 60 s.
    pub idle_timeout: Duration,
    /// Size of the parts of a multipart upload on S3. Default 8 MiB; the protocol asks for at least 5 MiB.
    pub part_size: usize,
    /// The smallest part that the S3 server accepts in the middle of an upload. Default 5 MiB, as the protocol says.
    pub smallest_part: usize,
}

/// The two kinds of storage.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one value of it in a process")]
pub enum Location {
    /// A directory of the local file system.
    Disk {
        /// The directory; made when it is absent.
        root: PathBuf,
        /// Bytes that must stay free: below it writes are refused while reads go on.
        low_water: u64,
    },
    /// A bucket of an S3-compatible service.
    S3(S3Config),
}

/// How to reach a bucket.
#[derive(Clone)]
pub struct S3Config {
    /// Name of the bucket; it must exist.
    pub bucket: String,
    /// Folder inside the bucket, without slashes at its ends; may be empty.
    pub prefix: String,
    /// Address of the service (`http://127.0.0.1:9000`); none means Amazon's for the region.
    pub endpoint: Option<String>,
    /// Region that requests are signed for.
    pub region: String,
    /// Puts the bucket in the path instead of the host name; what most S3-compatible servers want.
    pub path_style: bool,
    /// Access key; none means the machine's own role.
    pub access_key_id: Option<String>,
    /// Secret of the access key.
    pub secret_access_key: Option<types::Secret>,
    /// Token of temporary credentials.
    pub session_token: Option<types::Secret>,
    /// Address under which clients reach the service; signed URLs are made for it. None means `endpoint`.
    pub public_endpoint: Option<String>,
    /// Certificates that the service may have beside those that the system trusts.
    pub certificates: Vec<reqwest::Certificate>,
    /// Longest wait for an answer to one request. Default 30 s.
    pub request_timeout: Duration,
    /// How often a failed request is tried again. Default 3, within 20 s.
    pub retries: usize,
}

impl Config {
    /// Default settings for this location.
    pub fn new(location: Location) -> Self {
        Self {
            location,
            memory_budget: 256 * MIB,
            idle_timeout: Duration::from_secs(60),
            part_size: 8 * MIB,
            smallest_part: 5 * MIB,
        }
    }

    /// Default settings for a directory, with 64 MiB kept free.
    pub fn disk(root: impl Into<PathBuf>) -> Self {
        Self::new(Location::Disk { root: root.into(), low_water: 64 * MIB as u64 })
    }

    /// Says what is impossible about these settings.
    pub fn validate(&self) -> Result<()> {
        let fail = |message: &str| Err(Error::Config { message: message.to_owned() });
        if self.smallest_part == 0 || self.part_size < self.smallest_part {
            return fail("the part size must not be smaller than the smallest part");
        }
        if self.memory_budget < self.part_size + self.smallest_part {
            return fail("the memory budget must hold at least one part and the bytes held back behind it");
        }
        if self.idle_timeout.is_zero() {
            return fail("the idle timeout must be longer than zero");
        }
        match &self.location {
            Location::S3(s3) => s3.validate(),
            Location::Disk { .. } => Ok(()),
        }
    }
}

impl S3Config {
    /// Default settings for a bucket: Amazon's endpoint, the machine's own role.
    pub fn new(bucket: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: String::new(),
            endpoint: None,
            region: region.into(),
            path_style: false,
            access_key_id: None,
            secret_access_key: None,
            session_token: None,
            public_endpoint: None,
            certificates: Vec::new(),
            request_timeout: Duration::from_secs(30),
            retries: 3,
        }
    }

    fn validate(&self) -> Result<()> {
        let fail = |message: &str| Err(Error::Config { message: message.to_owned() });
        if self.bucket.is_empty() || self.bucket.contains('/') {
            return fail("the bucket must have a name without slashes");
        }
        if self.access_key_id.is_some() != self.secret_access_key.is_some() {
            return fail("the access key id and the secret access key of the bucket must be given together");
        }
        let segments = |prefix: &str| prefix.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
        if !self.prefix.is_empty() && !segments(&self.prefix) {
            return fail("the prefix inside the bucket must not have empty segments, '.' or '..'");
        }
        for endpoint in [&self.endpoint, &self.public_endpoint].into_iter().flatten() {
            if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
                return fail("an endpoint of the bucket must begin with http:// or https://");
            }
        }
        Ok(())
    }
}

impl fmt::Debug for S3Config {
    /// Shows where the bucket is and hides every secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Config")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
