//! Scanning images: which vulnerabilities are known of what they hold.
//!
//! A scan is a row and a job. The job reads the layers that nobody has read yet, notes what the image holds, and matches
//! that with the advisories in the database; what was found are rows. When advisories are imported, what images hold is
//! matched again without reading a layer. Whether a push is scanned is configured in [`crate::registry::scanning`].

mod contents;
mod matching;
mod request;
mod results;
mod run;
mod sweep;

pub mod advisories;
pub mod gate;
pub mod sbom;

pub(crate) use self::request::on_push;
pub use self::request::start;
pub use self::results::{Finding, Findings, findings};
pub use self::run::{JOB, match_again, run};
pub use self::sweep::sweep;

use std::collections::BTreeMap;

use scan::{Package, Release};
use serde::{Deserialize, Serialize};

/// What ECR says of a scan that found out what there was to find.
const SUCCESS: &str = "The scan was completed successfully.";
/// What ECR says of an image of which it knows no packages.
const UNSUPPORTED: &str = "UnsupportedImageError: The operating system and/or package manager are not supported.";

/// What an image holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Bill {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release: Option<Release>,
    packages: Vec<Package>,
    /// Files that were too large to be looked into.
    unread: u64,
}

/// Findings by the name of their severity; what there is none of is left out.
type Counts = BTreeMap<String, u64>;
