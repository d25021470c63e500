//! What looks into images: the built-in scanner, or one beside the registry that the operator named. Each takes one step at
//! a time, so that a scan that takes its time holds nothing meanwhile, and any process goes on with it.

use std::sync::Arc;
use std::time::Duration;

use store::Pending;
use store::image_scan_findings::FindingRow;
use store::image_scans::{ImageScanRow, Outcome};
use store::manifests::ManifestRow;
use store::repositories::RepositoryRow;
use types::Secret;

use super::built_in::BuiltIn;
use super::harbor::Harbor;
use super::webhook::Webhook;
use crate::{App, Error};

/// A scanner beside the registry.
#[derive(Debug, Clone)]
pub struct OtherScanner {
    /// How one talks with it.
    pub protocol: Protocol,
    /// Where it is.
    pub url: String,
    /// Where it finds the default registry, without a slash at its end.
    pub registry_url: String,
    /// How long it has for one image.
    pub timeout: Duration,
}

/// How one talks with a scanner.
#[derive(Debug, Clone)]
pub enum Protocol {
    /// As Harbor does.
    Harbor {
        /// The value of `Authorization`, if it wants one.
        authorization: Option<Secret>,
    },
    /// By signed messages in both directions.
    Webhook {
        /// What signs them.
        secret: Secret,
    },
}

/// A scan that somebody asked for.
pub(super) struct Scan {
    pub(super) repository: RepositoryRow,
    pub(super) image: ManifestRow,
    pub(super) row: ImageScanRow,
}

/// How far a scan has come.
pub(super) enum Step {
    /// It is over, with these results.
    Ended(Box<Outcome>, Vec<FindingRow>),
    /// Somebody is to look again after a while.
    Wait(Duration),
}

/// What looks into images.
pub(super) trait Scanner: Send + Sync {
    /// Goes on with a scan. An error is one that passes: the step is taken again. What ends a scan is an outcome.
    fn step<'s>(&'s self, app: &'s Arc<App>, scan: &'s Scan) -> Pending<'s, Step, Error>;
}

/// The scanner that the operator chose.
pub(super) fn chosen(app: &App) -> Box<dyn Scanner> {
    let Some(other) = app.config.scanner.clone() else {
        return Box::new(BuiltIn);
    };
    match other.protocol.clone() {
        Protocol::Harbor { authorization } => Box::new(Harbor { other, authorization }),
        Protocol::Webhook { secret } => Box::new(Webhook { other, secret }),
    }
}
