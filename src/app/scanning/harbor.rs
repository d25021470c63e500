//! Scanners that speak Harbor's pluggable scanner API, version 1.1: an adapter is handed the address of the registry with a
//! token for one image, and is asked for its report until it has one.
//! <https://github.com/goharbor/pluggable-scanner-spec>

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use outbound::{Answer, Call, ChosenBy, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Pending;
use store::scan_requests::ScanRequestRow;
use types::{Secret, Timestamp};

use super::report::{self, MAX_REPORT, cut};
use super::scanner::{OtherScanner, Scan, Scanner, Step};
use super::{UNSUPPORTED, remote};
use crate::{App, Error, Result};

/// The forms of reports that are understood, the best first.
const REPORTS: [&str; 3] = [
    "application/vnd.security.vulnerability.report; version=1.1",
    "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.1",
    "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0",
];
const METADATA: &str = "application/vnd.scanner.adapter.metadata+json; version=1.0";
const REQUEST: &str = "application/vnd.scanner.adapter.scan.request+json; version=1.0";
const RESPONSE: &str = "application/vnd.scanner.adapter.scan.response+json; version=1.0";

/// Properties of an adapter.
const UPDATED_AT: &str = "harbor.scanner-adapter/vulnerability-database-updated-at";
const AUTHORIZATION_TYPE: &str = "harbor.scanner-adapter/registry-authorization-type";

/// How long an adapter may take to answer, and to end a report.
const PATIENCE: Duration = Duration::from_secs(30);
const REPORT_PATIENCE: Duration = Duration::from_secs(300);
/// The longest answer that is no report.
const MAX_ANSWER: usize = 256 << 10;
/// The longest id of a scan, and what is kept of an adapter's words.
const MAX_ID: usize = 256;
const MAX_WORDS: usize = 500;
/// How long after a request its report is asked for first; between the others, if the adapter does not say.
const SOON: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_secs(5);
/// An adapter that forgets a scan is asked anew so often.
const FORGOTTEN: u32 = 2;
/// An adapter's word about when to ask again counts up to this.
const LONGEST_PAUSE: u64 = 300;

/// An adapter.
pub(super) struct Harbor {
    pub(super) other: OtherScanner,
    pub(super) authorization: Option<Secret>,
}

/// How far a request has come.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    /// How the adapter calls the scan, once it has taken it.
    #[serde(skip_serializing_if = "Option::is_none")]
    scan_id: Option<String>,
    /// The form of the report.
    #[serde(default)]
    form: String,
    /// When the adapter last heard of vulnerabilities, in microseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<i64>,
    /// How often the adapter forgot it.
    #[serde(default)]
    forgotten: u32,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    capabilities: Vec<Capability>,
    #[serde(default)]
    properties: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Capability {
    #[serde(default)]
    consumes_mime_types: Vec<String>,
    #[serde(default)]
    produces_mime_types: Vec<String>,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

#[derive(Deserialize)]
struct Refused {
    error: Words,
}

#[derive(Deserialize)]
struct Words {
    message: String,
}

impl Scanner for Harbor {
    fn step<'s>(&'s self, app: &'s Arc<App>, scan: &'s Scan) -> Pending<'s, Step, Error> {
        Box::pin(async move {
            let request = remote::request(app, scan, self.other.timeout).await?;
            if let Some(step) = remote::overdue(app, &request, &self.other) {
                return Ok(step);
            }
            let state: State = serde_json::from_str(&request.state).unwrap_or_default();
            match &state.scan_id {
                None => self.submit(app, scan, &request, state.forgotten).await,
                Some(scan_id) => self.collect(app, scan, &request, &state, scan_id).await,
            }
        })
    }
}

impl Harbor {
    /// Harbor's own client puts this between the address of an adapter and what it asks.
    fn url(&self, path: &str) -> String {
        let base = self.other.url.trim_end_matches('/');
        match base.contains("/api/") {
            true => format!("{base}/{path}"),
            false => format!("{base}/api/v1/{path}"),
        }
    }

    async fn call(
        &self,
        app: &App,
        path: &str,
        accept: &str,
        body: Option<Bytes>,
    ) -> std::result::Result<Answer, String> {
        let value = |text: &str| HeaderValue::from_str(text).map_err(|error| error.to_string());
        let mut headers = HeaderMap::new();
        headers.insert("accept", value(accept)?);
        if let Some(authorization) = &self.authorization {
            let mut value = value(authorization.expose())?;
            value.set_sensitive(true);
            headers.insert("authorization", value);
        }
        if body.is_some() {
            headers.insert("content-type", HeaderValue::from_static(REQUEST));
        }
        let url = self.url(path);
        let call = Call { url: &url, chosen_by: ChosenBy::Operator, headers, body, patience: PATIENCE };
        app.outbound.call(call).await.map_err(|error| error.to_string())
    }

    /// A call that has a short answer: its status and its body, which is not waited for longer than for its head, however
    /// slowly it comes.
    async fn ask(
        &self,
        app: &App,
        path: &str,
        accept: &str,
        body: Option<Bytes>,
    ) -> std::result::Result<(u16, Bytes), String> {
        let asked = async {
            let answer = self.call(app, path, accept, body).await?;
            let status = answer.status();
            let body = answer.body(MAX_ANSWER).await.map_err(|error| error.to_string())?;
            Ok((status, body))
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err("its answer takes too long".to_owned()))
    }

    async fn submit(&self, app: &Arc<App>, scan: &Scan, request: &ScanRequestRow, forgotten: u32) -> Result<Step> {
        let metadata = match self.metadata(app).await {
            Ok(metadata) => metadata,
            Err(error) => return Err(remote::unreachable(scan, &error)),
        };
        let media_type = scan.image.media_type.as_str();
        let consumes = |one: &&Capability| one.consumes_mime_types.iter().any(|kind| kind == media_type);
        let produced: Vec<&String> =
            metadata.capabilities.iter().filter(consumes).flat_map(|one| &one.produces_mime_types).collect();
        let Some(form) = REPORTS.into_iter().find(|form| produced.iter().any(|kind| is_same(kind, form))) else {
            return Ok(remote::given_up(app, UNSUPPORTED.to_owned()));
        };
        let bearer = metadata.properties.get(AUTHORIZATION_TYPE).is_some_and(|kind| kind == "Bearer");
        let (registry, artifact) = remote::described(app, scan, request, &self.other, bearer)?;
        let body = json!({ "registry": registry, "artifact": artifact }).to_string();
        let asked = self.ask(app, "scan", RESPONSE, Some(body.into())).await;
        let (status, body) = asked.map_err(|error| remote::unreachable(scan, &error))?;
        match status {
            200..=202 => {}
            // It will not take this one, however often it is asked.
            400 | 404 | 405 | 406 | 415 | 422 => {
                return Ok(remote::given_up(app, format!("the scanner refused the image: {}", words(status, &body))));
            }
            _ => return Err(remote::unreachable(scan, &words(status, &body))),
        }
        let Some(accepted) = serde_json::from_slice::<Accepted>(&body).ok().filter(|it| is_id(&it.id)) else {
            return Ok(remote::given_up(app, "the scanner gave the scan no id that can be used".to_owned()));
        };
        let updated_at = metadata.properties.get(UPDATED_AT).and_then(|text| text.parse::<Timestamp>().ok());
        let state = State {
            scan_id: Some(accepted.id),
            form: form.to_owned(),
            updated_at: updated_at.map(Timestamp::micros),
            forgotten,
        };
        remote::note(app, request, &state).await?;
        Ok(Step::Wait(SOON))
    }

    async fn metadata(&self, app: &App) -> std::result::Result<Metadata, String> {
        let (status, body) = self.ask(app, "metadata", METADATA, None).await?;
        if status != 200 {
            return Err(words(status, &body));
        }
        serde_json::from_slice(&body).map_err(|error| format!("its metadata cannot be read: {error}"))
    }

    async fn collect(
        &self,
        app: &Arc<App>,
        scan: &Scan,
        request: &ScanRequestRow,
        state: &State,
        scan_id: &str,
    ) -> Result<Step> {
        let path = format!("scan/{scan_id}/report");
        let fetched = async {
            let answer = self.call(app, &path, &state.form, None).await?;
            let (status, after) = (answer.status(), answer.header("refresh-after").and_then(|text| text.parse().ok()));
            let body = if status == 302 { Ok(Bytes::new()) } else { answer.body(MAX_REPORT).await };
            Ok((status, after, body))
        };
        let late = || Err("its report takes too long".to_owned());
        let (status, after, body): (u16, Option<u64>, _) =
            match tokio::time::timeout(REPORT_PATIENCE, fetched).await.unwrap_or_else(|_| late()) {
                Ok(fetched) => fetched,
                Err(error) => return Err(remote::unreachable(scan, &error)),
            };
        let body = match body {
            Ok(body) => body,
            Err(error @ outbound::Error::TooLong(..)) => {
                return Ok(remote::given_up(app, format!("the report of the scanner cannot be used: {error}")));
            }
            Err(error) => return Err(remote::unreachable(scan, &error)),
        };
        match status {
            200 => self.read(app, scan, state, body).await,
            302 => Ok(Step::Wait(after.map_or(AGAIN, |seconds| Duration::from_secs(seconds.clamp(1, LONGEST_PAUSE))))),
            // It has forgotten the scan, as one does that was started anew.
            404 if state.forgotten == FORGOTTEN => {
                Ok(remote::given_up(app, "the scanner forgets the scan again and again".to_owned()))
            }
            404 => {
                let anew = State { forgotten: state.forgotten + 1, ..State::default() };
                remote::note(app, request, &anew).await?;
                Ok(Step::Wait(AGAIN))
            }
            // By the specification the scan has failed then.
            500 => Ok(remote::given_up(app, format!("the scanner failed: {}", words(status, &body)))),
            _ => Err(remote::unreachable(scan, &words(status, &body))),
        }
    }

    async fn read(&self, app: &App, scan: &Scan, state: &State, body: Bytes) -> Result<Step> {
        let unusable =
            |why: &str| Ok(remote::given_up(app, format!("the report of the scanner cannot be used: {why}")));
        let report = match report::read(body).await {
            Ok(report) => report,
            Err(why) => return unusable(&why),
        };
        if report.is_about_another(&scan.image.digest) {
            return unusable("it is about another image");
        }
        let (outcome, rows) = report.into_results(app, state.updated_at.map(Timestamp::from_micros))?;
        Ok(Step::Ended(Box::new(outcome), rows))
    }
}

/// Whether two media types are the same, however they are spaced.
fn is_same(one: &str, other: &str) -> bool {
    let parts = |text: &str| text.split(';').map(|part| part.trim().to_ascii_lowercase()).collect::<Vec<_>>();
    parts(one) == parts(other)
}

/// An id goes into an address as it is.
fn is_id(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~:".contains(&byte);
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(legal) && !text.bytes().all(|byte| byte == b'.')
}

/// What an adapter says about a failure, in one line of the log, or else its status.
fn words(status: u16, body: &[u8]) -> String {
    match serde_json::from_slice::<Refused>(body) {
        Ok(refused) => cut(&refused.error.message, MAX_WORDS).replace(char::is_control, " "),
        Err(_) => format!("it answered with {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_lead_elsewhere_are_none() {
        for id in ["3fa85f64-5717-4562-b3fc-2c963f66afa6", "a", "scan:1.2_~"] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", "..", "a/../b", "a?b", "a#b", "a b", "ä", "%2e", &"a".repeat(257)] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn media_types_are_compared_by_what_they_mean() {
        assert!(is_same(REPORTS[0], "application/vnd.security.vulnerability.report;version=1.1"));
        assert!(!is_same(REPORTS[1], REPORTS[2]));
    }

    #[test]
    fn what_an_adapter_says_is_bounded() {
        assert_eq!(words(500, br#"{"error":{"message":"no space"}}"#), "no space");
        assert_eq!(
            words(503, b"{\"error\":{\"message\":\"busy\\nERROR \\u001b[31mforged\"}}"),
            "busy ERROR  [31mforged"
        );
        assert_eq!(words(502, b"<html>"), "it answered with 502");
        assert_eq!(
            words(500, format!(r#"{{"error":{{"message":"{}"}}}}"#, "x".repeat(5000)).as_bytes()).len(),
            MAX_WORDS
        );
    }
}
