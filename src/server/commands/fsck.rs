//! `wharf fsck`: compares the database with the storage. Exit code 0: all is well; 1: there are findings; 2: it could
//! not be done.

use std::io::{self, Write, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use app::App;
use app::fsck::{self, Finding, Options, Summary};

use crate::config::Config;
use crate::open;

pub(crate) async fn run(config: &Config, verify: bool, repair: bool) -> ExitCode {
    match compare(config, Options { verify, repair }).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

async fn compare(config: &Config, options: Options) -> Result<u64> {
    // Lines that nobody takes keep nothing from being compared and repaired.
    let mut printed = Ok(());
    let compare = async |app: &Arc<App>| {
        let mut report = |finding: &Finding| {
            if printed.is_ok() {
                printed = show(finding, options.repair);
            }
        };
        Ok(fsck::run(app, options, &mut report).await?)
    };
    let summary = open::with_application(config, compare).await?;
    let printed = printed.and_then(|()| sum_up(&summary));
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(summary.findings),
    }
}

fn sum_up(summary: &Summary) -> io::Result<()> {
    writeln!(
        stdout(),
        "{} blobs, {} objects, {} of them on their way out, {} findings",
        summary.blobs,
        summary.objects,
        summary.waiting,
        summary.findings
    )
}

fn show(finding: &Finding, repair: bool) -> io::Result<()> {
    let marked = if repair { "; marked, so that it can be pushed again" } else { "" };
    let aside = if repair { "; moved to quarantine, and marked, so that it can be pushed again" } else { "" };
    match finding {
        Finding::Orphan { key, size } => {
            writeln!(
                stdout(),
                "orphan: object {key} of {size} bytes has no row{}",
                if repair { "; moved to quarantine" } else { "" }
            )
        }
        Finding::Hole { digest, key } => {
            writeln!(stdout(), "hole: blob {digest} has no object {key}{marked}")
        }
        Finding::Size { digest, key, expected, actual } => {
            writeln!(stdout(), "size: blob {digest} should have {expected} bytes, object {key} has {actual}{aside}")
        }
        Finding::Content { digest, key } => {
            writeln!(stdout(), "content: object {key} does not have the digest {digest}{aside}")
        }
        Finding::Unread { digest, key } => {
            writeln!(stdout(), "unread: object {key} of blob {digest} could not be read; the log says why")
        }
        Finding::Unreadable { digest, key, reason } => {
            writeln!(
                stdout(),
                "unreadable: the storage refuses to decrypt object {key} of blob {digest}: {reason}{marked}"
            )
        }
    }
}
