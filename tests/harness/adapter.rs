//! A scanner adapter on this machine that follows Harbor's pluggable scanner API, version 1.1, as far as it looks from outside:
//! it takes requests, is not ready for a while, and then reports what a test wants, or fails as one wants.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

/// The report that it makes.
pub const REPORT: &str = "application/vnd.security.vulnerability.report; version=1.1";

/// How a scan goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Mood {
    /// It answers "not yet" this often for each scan, and then with the report.
    After(usize),
    /// It is never ready.
    Never,
    /// It takes no scan for now.
    Busy,
    /// It refuses the image.
    Refusing,
    /// It takes scans, and they fail.
    Failing,
    /// It has forgotten the scan when it is asked for it, until it took this many.
    Forgetful(usize),
    /// It says to ask elsewhere.
    Redirecting(String),
    /// The report never ends.
    Endless,
    /// It takes scans, and its answer comes by a byte each second and never ends.
    Dripping,
}

struct State {
    url: String,
    mood: Mutex<Mood>,
    report: Mutex<Bytes>,
    authorization_type: Mutex<&'static str>,
    requests: Mutex<Vec<(HeaderMap, Value)>>,
    asked: Mutex<Vec<(String, HeaderMap)>>,
    wrong: Mutex<Vec<String>>,
}

/// A running adapter, which wants `Bearer adapter` of those who call.
#[derive(Clone)]
pub struct Adapter(Arc<State>);

type Body = BoxBody<Bytes, Infallible>;

impl Adapter {
    /// Starts one on a free port. It answers from a thread of its own: tests block while an AWS client runs.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener");
        let adapter = Self(Arc::new(State {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            mood: Mutex::new(Mood::After(0)),
            report: Mutex::default(),
            authorization_type: Mutex::new("Bearer"),
            requests: Mutex::default(),
            asked: Mutex::default(),
            wrong: Mutex::default(),
        }));
        adapter.report(&json!([]));
        let own = adapter.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                while let Ok((stream, _)) = listener.accept().await {
                    let own = own.clone();
                    let service = service_fn(move |request| own.clone().answer(request));
                    tokio::spawn(
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                    );
                }
            });
        });
        adapter
    }

    /// Where it is, as Harbor is told.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Changes what it does.
    pub fn set(&self, mood: Mood) {
        *self.0.mood.lock().expect("nobody panicked") = mood;
    }

    /// Changes how it says that it wants to log in to registries: `Bearer` or `Basic`.
    pub fn log_in_by(&self, kind: &'static str) {
        *self.0.authorization_type.lock().expect("nobody panicked") = kind;
    }

    /// Reports these vulnerabilities from now on.
    pub fn report(&self, vulnerabilities: &Value) {
        self.report_bytes(
            json!({ "generated_at": "2026-01-01T00:00:00Z", "vulnerabilities": vulnerabilities }).to_string(),
        );
    }

    /// Reports these bytes from now on.
    pub fn report_bytes(&self, bytes: impl Into<Bytes>) {
        *self.0.report.lock().expect("nobody panicked") = bytes.into();
    }

    /// The scans that were asked for.
    pub fn requests(&self) -> Vec<Value> {
        self.0.requests.lock().expect("nobody panicked").iter().map(|(_, body)| body.clone()).collect()
    }

    /// How often reports were asked for.
    pub fn asked(&self) -> usize {
        self.0.asked.lock().expect("nobody panicked").len()
    }

    /// What was asked of it against the API.
    pub fn wrong(&self) -> Vec<String> {
        self.0.wrong.lock().expect("nobody panicked").clone()
    }

    fn note(&self, what: String) {
        self.0.wrong.lock().expect("nobody panicked").push(what);
    }

    fn mood(&self) -> Mood {
        self.0.mood.lock().expect("nobody panicked").clone()
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let path = parts.uri.path().to_owned();
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if header("authorization") != "Bearer adapter" {
            self.note(format!("{path} without login"));
            return Ok(plain(401, "text/plain", "log in"));
        }
        let error = |status: u16, message: &str| {
            let body = json!({ "error": { "message": message } }).to_string();
            plain(status, "application/vnd.scanner.adapter.error+json; version=1.0", body)
        };
        let answer = match (parts.method.clone(), path.as_str()) {
            (Method::GET, "/api/v1/metadata") => {
                let kind = *self.0.authorization_type.lock().expect("nobody panicked");
                let metadata = json!({
                    "scanner": { "name": "Fake", "vendor": "Tests", "version": "1" },
                    "capabilities": [{
                        "consumes_mime_types": ["application/vnd.oci.image.manifest.v1+json"],
                        "produces_mime_types": ["application/vnd.scanner.adapter.vuln.report.raw", REPORT],
                    }],
                    "properties": {
                        "harbor.scanner-adapter/vulnerability-database-updated-at": "2026-01-02T03:04:05Z",
                        "harbor.scanner-adapter/registry-authorization-type": kind,
                    },
                });
                plain(200, "application/vnd.scanner.adapter.metadata+json; version=1.0", metadata.to_string())
            }
            (Method::POST, "/api/v1/scan") if self.mood() == Mood::Busy => error(503, "later"),
            (Method::POST, "/api/v1/scan") if self.mood() == Mood::Refusing => error(422, "no such thing"),
            (Method::POST, "/api/v1/scan") if self.mood() == Mood::Dripping => {
                let drops = futures_util::stream::unfold((), |()| async {
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    Some((Ok(Frame::data(Bytes::from_static(b" "))), ()))
                });
                Response::new(StreamBody::new(drops).boxed())
            }
            (Method::POST, "/api/v1/scan") => {
                if header("content-type") != "application/vnd.scanner.adapter.scan.request+json; version=1.0" {
                    self.note(format!("a request of type {}", header("content-type")));
                }
                let mut requests = self.0.requests.lock().expect("nobody panicked");
                requests.push((parts.headers.clone(), serde_json::from_slice(&body).unwrap_or_default()));
                let id = json!({ "id": format!("scan-{}", requests.len()) }).to_string();
                plain(202, "application/vnd.scanner.adapter.scan.response+json; version=1.0", id)
            }
            (Method::GET, path) if path.starts_with("/api/v1/scan/") && path.ends_with("/report") => {
                if header("accept") != REPORT {
                    self.note(format!("a report of type {}", header("accept")));
                }
                let mut asked = self.0.asked.lock().expect("nobody panicked");
                let before = asked.iter().filter(|(earlier, _)| earlier == path).count();
                asked.push((path.to_owned(), parts.headers.clone()));
                drop(asked);
                self.answer_report(path, before)
            }
            (method, path) => {
                self.note(format!("{method} {path}"));
                error(404, "there is no such place")
            }
        };
        Ok(answer)
    }

    fn answer_report(&self, path: &str, before: usize) -> Response<Body> {
        // The address of the report itself: who follows redirects goes in circles.
        let later = |to: &str| {
            let mut answer = plain(302, "text/plain", "");
            answer.headers_mut().insert("refresh-after", "1".parse().expect("a value"));
            answer.headers_mut().insert("location", to.parse().expect("a value"));
            answer
        };
        match self.mood() {
            Mood::Failing => plain(
                500,
                "application/vnd.scanner.adapter.error+json; version=1.0",
                r#"{"error":{"message":"the layers are too strange"}}"#,
            ),
            Mood::Never => later(path),
            Mood::Redirecting(to) => later(&to),
            Mood::After(times) if before < times => later(path),
            Mood::Forgetful(until) if self.0.requests.lock().expect("nobody panicked").len() < until => {
                plain(404, "text/plain", "")
            }
            Mood::Endless => {
                let piece = Bytes::from(vec![b' '; 1 << 20]);
                let stream = futures_util::stream::repeat_with(move || Ok(Frame::data(piece.clone())));
                let mut answer = Response::new(StreamBody::new(stream).boxed());
                answer.headers_mut().insert("content-type", REPORT.parse().expect("a value"));
                answer
            }
            _ => plain(200, REPORT, self.0.report.lock().expect("nobody panicked").clone()),
        }
    }
}

fn plain(status: u16, kind: &str, body: impl Into<Bytes>) -> Response<Body> {
    let mut answer = Response::new(Full::new(body.into()).boxed());
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    answer.headers_mut().insert("content-type", kind.parse().expect("a value"));
    answer
}
