//! Results that a scanner posts back. They are signed as the request was, name the request that they are for, and count
//! once: the same message again changes nothing, another one about a scan that is over is refused.

use std::sync::Arc;

use bytes::Bytes;
use store::image_scan_findings::FindingRow;
use store::image_scans::{self, ImageScanRow, Outcome, Status};
use store::scan_requests::ScanRequestRow;
use store::{Conn, Pending, jobs, repositories, scan_requests};
use types::Secret;

use super::finish::{self, Cause, failed};
use super::report::{self, cut};
use super::run::{JOB, subject};
use super::scanner::Protocol;
use crate::events::signature;
use crate::{App, Error, Result};

/// How far the clock of a scanner may be from ours. An older message may be somebody else's who overheard it.
const WINDOW: i64 = 300;
/// The longest id of a message.
const MAX_ID: usize = 256;
/// What is kept of why a scan failed.
const MAX_WORDS: usize = 500;

/// What a message comes with.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'m> {
    /// `webhook-id`
    pub id: &'m str,
    /// `webhook-timestamp`
    pub timestamp: &'m str,
    /// `webhook-signature`
    pub signature: &'m str,
}

/// What became of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// They are those of the image now.
    Taken,
    /// They were taken before.
    Again,
}

/// Why results are refused.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// Nothing was asked under that id, or it was asked so long ago that something else was asked since.
    Unknown,
    /// The signature is not that of the message.
    Unsigned,
    /// The message is too old, or from the future.
    Stale,
    /// The scan took too long.
    Late,
    /// There are results by another message, or the scan is over.
    Ended,
    /// What is wrong with them.
    Unreadable(String),
    /// It may work another time.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

fn secret(app: &App) -> Option<&Secret> {
    match &app.config.scanner.as_ref()?.protocol {
        Protocol::Webhook { secret } => Some(secret),
        Protocol::Harbor { .. } => None,
    }
}

/// Whether results under an id are awaited at all: asked before anything of them is read.
pub async fn awaited(app: &App, request_id: &str) -> std::result::Result<(), Refusal> {
    if secret(app).is_none() || request_id.len() > MAX_ID {
        return Err(Refusal::Unknown);
    }
    find(app, request_id).await.map(drop)
}

async fn find(app: &App, request_id: &str) -> std::result::Result<ScanRequestRow, Refusal> {
    let mut conn = app.db.reader().await.map_err(Error::from)?;
    let found = scan_requests::find_by_id(&mut conn, request_id).await.map_err(Error::from)?;
    found.ok_or(Refusal::Unknown)
}

/// Takes results.
pub async fn receive(
    app: &Arc<App>,
    request_id: &str,
    signed: &Signed<'_>,
    body: Bytes,
) -> std::result::Result<Received, Refusal> {
    let secret = secret(app).ok_or(Refusal::Unknown)?;
    if signed.id.is_empty() || signed.id.len() > MAX_ID {
        return Err(Refusal::Unsigned);
    }
    if !signature::verify(secret.expose(), signed.id, signed.timestamp, &body, signed.signature) {
        return Err(Refusal::Unsigned);
    }
    let distance = signed.timestamp.parse::<i64>().map_err(|_| Refusal::Stale)?.abs_diff(app.now().seconds());
    if distance > WINDOW.unsigned_abs() {
        return Err(Refusal::Stale);
    }
    let request = find(app, request_id).await?;
    if let Some(ended_by) = &request.ended_by {
        return if ended_by == signed.id { Ok(Received::Again) } else { Err(Refusal::Ended) };
    }
    if app.now() >= request.expires_at {
        return Err(Refusal::Late);
    }
    let report = report::read(body).await.map_err(Refusal::Unreadable)?;
    // The address is not signed, so the body says what it answers.
    if report.id.as_deref() != Some(request_id) {
        return Err(Refusal::Unreadable("its id is not that of the request".to_owned()));
    }
    if report.artifact.is_none() || report.is_about_another(&request.digest) {
        return Err(Refusal::Unreadable("it is about another image".to_owned()));
    }
    let (outcome, rows) = match report.status.as_deref() {
        Some("COMPLETE") | None => report.into_results(app, None)?,
        Some("FAILED") => {
            let words = report.description.filter(|words| !words.is_empty());
            let words = words.unwrap_or_else(|| "the scanner failed".to_owned());
            (failed(app, cut(&words, MAX_WORDS)), Vec::new())
        }
        Some(_) => return Err(Refusal::Unreadable("its status is neither COMPLETE nor FAILED".to_owned())),
    };
    let (own, message_id) = (Arc::clone(app), signed.id.to_owned());
    let taken = app
        .db
        .write(move |conn| {
            Box::pin(async move { end(conn, &own, &request, &message_id, (&outcome, &rows)).await })
                as Pending<'_, Option<Received>, Error>
        })
        .await?;
    taken.ok_or(Refusal::Ended)
}

/// Ends the scan of a request. None if it is over by something else.
async fn end(
    conn: &mut Conn,
    app: &App,
    request: &ScanRequestRow,
    message_id: &str,
    results: (&Outcome, &[FindingRow]),
) -> Result<Option<Received>> {
    let (repository_id, digest) = (&request.repository_id, &request.digest);
    let row = image_scans::find(conn, repository_id, digest).await?;
    let awaited = |row: &ImageScanRow| row.status == Status::InProgress && row.requested_at == request.requested_at;
    let repository = repositories::find_by_id(conn, repository_id).await?;
    // Of two messages at once, or a message and the end of its time, one comes first.
    let taken = match row.filter(awaited) {
        Some(row) => finish::put_down(conn, app, repository.as_ref(), &row, results, Cause::Request).await?,
        None => false,
    };
    if !taken {
        let now = scan_requests::find_by_id(conn, &request.request_id).await?;
        let same = now.and_then(|now| now.ended_by).is_some_and(|ended_by| ended_by == message_id);
        return Ok(same.then_some(Received::Again));
    }
    scan_requests::update_ended(conn, &request.request_id, message_id).await?;
    // The job that waits finds that there is nothing to wait for.
    jobs::upsert(conn, &app.new_id(), JOB, &subject(repository_id, digest), app.now()).await?;
    Ok(Some(Received::Taken))
}
