//! A registry on this machine that a pull-through cache asks: it serves what a test puts into it, wants a login if it is told
//! to, notes who asks for what with which credentials, and misbehaves as a plan says. It only reads; it checks nothing.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::content::{Image, digest};

/// What becomes of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It is answered.
    Good,
    /// It is answered with this status, and `Retry-After` if there is one.
    Status(u16, Option<&'static str>),
    /// It is sent elsewhere.
    Redirect(String),
    /// The body is another one of the same length.
    Lie,
    /// The body breaks off after so many bytes.
    BreakOff(usize),
    /// Half of the body comes after this time.
    Linger(Duration),
    /// Half of the body comes when the gate is open.
    Hold(Gate),
    /// The body comes byte by byte, each after this time.
    Drip(Duration),
    /// Nothing comes for this time.
    Silence(Duration),
}

/// What holds bodies up until a test opens it.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Lets everything pass from now on.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn pass(&self) {
        self.0.subscribe().wait_for(|open| *open).await.ok();
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Gate {}

/// What it wants to see before it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Nothing.
    None,
    /// A name and a password with each request.
    Basic(String, String),
    /// A token, which its token service gives to everybody.
    AnonymousToken,
    /// A token, which its token service gives for a name and a password.
    Token(String, String),
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub target: String,
    /// The credentials.
    pub authorization: Option<String>,
}

impl Asked {
    /// Whether it asks for a blob.
    pub fn is_blob(&self) -> bool {
        self.target.contains("/blobs/")
    }

    /// Whether it asks for a manifest.
    pub fn is_manifest(&self) -> bool {
        self.target.contains("/manifests/")
    }
}

type Plan = Arc<dyn Fn(&Asked) -> Mood + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, std::io::Error>;

struct State {
    host: String,
    /// Media type and bytes by path.
    content: RwLock<HashMap<String, (String, Bytes)>>,
    login: RwLock<Login>,
    plan: RwLock<Plan>,
    asked: Mutex<Vec<Asked>>,
}

/// A running registry; it ends when dropped.
pub struct Upstream {
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Upstream {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let good: Plan = Arc::new(|_| Mood::Good);
        let state = Arc::new(State {
            host: listener.local_addr().expect("a listener has an address").to_string(),
            content: RwLock::default(),
            login: RwLock::new(Login::None),
            plan: RwLock::new(good),
            asked: Mutex::default(),
        });
        let own = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&own);
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| Arc::clone(&state).handle(request));
                    // An error here is a connection that was broken, on purpose mostly.
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .ok();
                });
            }
        });
        Self { state, task }
    }

    /// Host and port, as cache rules name it.
    pub fn host(&self) -> &str {
        &self.state.host
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.host())
    }

    /// Puts an image there, by its digest and under a tag.
    pub fn put_image(&self, repository: &str, tag: &str, image: &Image) {
        let mut content = self.state.content.write().expect("nobody panicked");
        for reference in [tag, &image.digest] {
            let manifest = (image.media_type.clone(), Bytes::from(image.manifest.clone()));
            content.insert(format!("/v2/{repository}/manifests/{reference}"), manifest);
        }
        for (digest, bytes) in &image.blobs {
            let blob = ("application/octet-stream".to_owned(), Bytes::from(bytes.clone()));
            content.insert(format!("/v2/{repository}/blobs/{digest}"), blob);
        }
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.state.content.write().expect("nobody panicked").clear();
    }

    /// What it wants to see from now on.
    pub fn want(&self, login: Login) {
        *self.state.login.write().expect("nobody panicked") = login;
    }

    /// Decides about requests from now on.
    pub fn plan(&self, plan: impl Fn(&Asked) -> Mood + Send + Sync + 'static) {
        *self.state.plan.write().expect("a plan does not panic while it is replaced") = Arc::new(plan);
    }

    /// What was asked since the last look.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.asked.lock().expect("nobody panicked"))
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    /// An error breaks the connection.
    async fn handle(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let asked = Asked {
            method: request.method().clone(),
            target: request.uri().to_string(),
            authorization: authorization.map(str::to_owned),
        };
        self.asked.lock().expect("nobody panicked").push(asked.clone());
        let mood = {
            let plan = self.plan.read().expect("nobody panicked").clone();
            plan(&asked)
        };
        match &mood {
            Mood::Silence(time) => tokio::time::sleep(*time).await,
            Mood::Status(status, retry_after) => {
                let retry_after = retry_after.map(|wait| ("retry-after", wait.to_owned()));
                return Ok(reply(*status, retry_after.into_iter().collect(), whole(Bytes::new())));
            }
            Mood::Redirect(to) => return Ok(reply(307, vec![("location", to.clone())], whole(Bytes::new()))),
            _ => {}
        }
        if asked.target.starts_with("/token") {
            return Ok(self.token(&asked));
        }
        if let Some(challenge) = self.challenge(&asked) {
            return Ok(reply(401, vec![("www-authenticate", challenge)], whole(Bytes::new())));
        }
        let found = self.content.read().expect("nobody panicked").get(request.uri().path()).cloned();
        let Some((media_type, bytes)) = found else {
            let status = if asked.target == "/v2/" { 200 } else { 404 };
            return Ok(reply(status, Vec::new(), whole(Bytes::from_static(b"{}"))));
        };
        let headers = vec![
            ("content-type", media_type),
            ("content-length", bytes.len().to_string()),
            ("docker-content-digest", digest(&bytes)),
        ];
        let body = match mood {
            _ if asked.method == Method::HEAD => whole(Bytes::new()),
            Mood::Lie => whole(Bytes::from(vec![b'x'; bytes.len()])),
            Mood::BreakOff(at) => pieces(vec![Ok((Duration::ZERO, bytes.slice(..at))), Err(())]),
            Mood::Linger(time) => {
                let half = bytes.len() / 2;
                pieces(vec![Ok((Duration::ZERO, bytes.slice(..half))), Ok((time, bytes.slice(half..)))])
            }
            Mood::Hold(gate) => {
                let (first, rest) = (bytes.slice(..bytes.len() / 2), bytes.slice(bytes.len() / 2..));
                let rest = stream::once(async move {
                    gate.pass().await;
                    Ok(Frame::data(rest))
                });
                BodyExt::boxed_unsync(StreamBody::new(stream::iter([Ok(Frame::data(first))]).chain(rest)))
            }
            Mood::Drip(time) => pieces(bytes.chunks(1).map(|byte| Ok((time, Bytes::copy_from_slice(byte)))).collect()),
            _ => whole(bytes),
        };
        Ok(reply(200, headers, body))
    }

    /// What is to be seen before the request is answered; nothing if it was.
    fn challenge(&self, asked: &Asked) -> Option<String> {
        let wanted = match &*self.login.read().expect("nobody panicked") {
            Login::None => return None,
            Login::Basic(name, password) => (basic(name, password), "Basic realm=\"upstream\"".to_owned()),
            Login::AnonymousToken | Login::Token(..) => {
                let scope = scope_of(&asked.target);
                let realm =
                    format!("Bearer realm=\"http://{}/token\",service=\"upstream\",scope=\"{scope}\"", self.host);
                (format!("Bearer token-for-{scope}"), realm)
            }
        };
        (asked.authorization.as_deref() != Some(&wanted.0)).then_some(wanted.1)
    }

    fn token(&self, asked: &Asked) -> Response<Body> {
        if let Login::Token(name, password) = &*self.login.read().expect("nobody panicked")
            && asked.authorization.as_deref() != Some(&basic(name, password))
        {
            return reply(401, Vec::new(), whole(Bytes::new()));
        }
        let query = asked.target.split_once('?').map_or("", |(_, query)| query);
        let scope = query.split('&').find_map(|pair| pair.strip_prefix("scope=")).unwrap_or_default();
        let scope = scope.replace("%3A", ":").replace("%2F", "/");
        let document = serde_json::json!({ "token": format!("token-for-{scope}"), "expires_in": 300 });
        reply(200, Vec::new(), whole(Bytes::from(document.to_string())))
    }
}

/// The scope that a path needs, as registries spell it.
fn scope_of(target: &str) -> String {
    let path = target.trim_start_matches("/v2/");
    let name = path.split_once("/manifests/").or_else(|| path.split_once("/blobs/")).map_or("", |(name, _)| name);
    format!("repository:{name}:pull")
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// Pieces of a body, each after a time; a failure breaks the connection.
fn pieces(pieces: Vec<Result<(Duration, Bytes), ()>>) -> Body {
    let frames = stream::unfold(pieces.into_iter(), |mut pieces| async move {
        let piece = match pieces.next()? {
            Ok((time, bytes)) => {
                tokio::time::sleep(time).await;
                Ok(Frame::data(bytes))
            }
            Err(()) => {
                // What came before goes out first.
                tokio::time::sleep(Duration::from_millis(300)).await;
                Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
            }
        };
        Some((piece, pieces))
    });
    BodyExt::boxed_unsync(StreamBody::new(frames))
}

fn reply(status: u16, headers: Vec<(&str, String)>, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a plan names a status");
    for (name, value) in headers {
        let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
        response.headers_mut().insert(name, value.parse().expect("a value"));
    }
    response
}
