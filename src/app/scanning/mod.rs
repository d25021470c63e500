//! Scanning images: which vulnerabilities are known of what they hold.
//!
//! A scan is a row and a job. The job has layers fetched that are still in another registry, and asks the scanner that the
//! operator chose. The built-in one reads the layers that nobody has read yet, notes what the image holds, and matches that
//! with the advisories in the database; what was found are rows. When advisories are imported, what images hold is matched
//! again without reading a layer. Whether a push is scanned is configured in [`crate::registry::scanning`].

mod built_in;
mod contents;
mod fetching;
mod finish;
mod found;
mod harbor;
mod matching;
mod receive;
mod remote;
mod report;
mod request;
mod results;
mod run;
mod scanner;
mod sweep;
mod webhook;

pub mod advisories;
pub mod gate;
pub mod referrers;
pub mod sbom;

pub use self::fetching::{FETCH, FETCHERS, fetch, spared};
pub use self::receive::{Received, Refusal, Signed, awaited, receive};
pub use self::report::MAX_REPORT;
pub(crate) use self::request::on_push;
pub use self::request::start;
pub use self::results::{Enhanced, Finding, Findings, findings};
pub use self::run::{JOB, match_again, run};
pub use self::scanner::{OtherScanner, Protocol};
pub use self::sweep::sweep;
pub use self::webhook::RESULTS_PATH;

use std::collections::BTreeMap;

use scan::{Package, Release};
use serde::{Deserialize, Serialize};

/// What ECR says of a scan that found out what there was to find.
const SUCCESS: &str = "The scan was completed successfully.";
/// What ECR says of an image of which it knows no packages.
const UNSUPPORTED: &str = "UnsupportedImageError: The operating system and/or package manager are not supported.";

/// What is said of an image that the quota of its registry leaves out.
const LIMITED: &str = "The scan quota per registry has been exceeded.";

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
