//! An HTTP proxy that misbehaves as object stores do: error replies, silence, connections that break before or after the work
//! was done, replies that stop half-way, success that is none. It stands between the server and S3 and forwards requests
//! unchanged, the `Host` header included, so that signatures stay valid. A plan decides what happens to each request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is forwarded.
    None,
    /// It is not forwarded; the reply has this status and an S3 error body.
    Status(u16),
    /// It is not forwarded; the reply has this status and an S3 error body with this code.
    Refused(u16, &'static str),
    /// It is not forwarded; the connection breaks.
    Reset,
    /// It is forwarded and done; the connection breaks instead of the reply.
    LostReply,
    /// It is not forwarded; nothing comes for this long, then the connection breaks.
    Silence(Duration),
    /// It is forwarded when another plan takes the place of this one.
    Held,
    /// The reply keeps its headers and stops after this many bytes of its body.
    Truncated(usize),
    /// It is not forwarded; the reply is 200 with an S3 error as its body, as CompleteMultipartUpload may do.
    ErrorInSuccess,
}

/// What a plan may look at.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How many requests came before this one.
    pub number: usize,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
}

impl Seen {
    /// Whether this is the request that completes a multipart upload.
    pub fn completes_multipart(&self) -> bool {
        self.method == Method::POST && self.uri.query().is_some_and(|query| query.contains("uploadId="))
    }
}

type Plan = Arc<dyn Fn(&Seen) -> Fault + Send + Sync>;
type Body = BoxBody<Bytes, std::io::Error>;

/// A running proxy; it ends when dropped.
pub struct FaultProxy {
    address: SocketAddr,
    plan: Arc<watch::Sender<Plan>>,
    faults: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Listens on a free port in front of `target` (`http://host:port`) and forwards everything.
    pub async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let target = target.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let none: Plan = Arc::new(|_| Fault::None);
        let plan = Arc::new(watch::Sender::new(none));
        let (faults, count) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let proxy = Proxy { target, plan: plan.clone(), faults: faults.clone(), count };
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let proxy = proxy.clone();
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| proxy.clone().handle(request));
                    // An error here is a connection that broke, which is what half of the faults are.
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .ok();
                });
            }
        });
        Self { address, plan, faults, task }
    }

    /// `http://host:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Replaces the plan; requests from now on follow it.
    pub fn plan(&self, plan: impl Fn(&Seen) -> Fault + Send + Sync + 'static) {
        self.plan.send_replace(Arc::new(plan));
    }

    /// Forwards everything again.
    pub fn heal(&self) {
        self.plan(|_| Fault::None);
    }

    /// How many requests met a fault so far.
    pub fn faults(&self) -> usize {
        self.faults.load(Ordering::Relaxed)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Proxy {
    target: String,
    plan: Arc<watch::Sender<Plan>>,
    faults: Arc<AtomicUsize>,
    count: Arc<AtomicUsize>,
}

impl Proxy {
    /// An error breaks the connection.
    async fn handle(self, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
        let seen = Seen {
            number: self.count.fetch_add(1, Ordering::Relaxed),
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
        };
        let mut plans = self.plan.subscribe();
        let plan = plans.borrow_and_update().clone();
        let fault = plan(&seen);
        if fault != Fault::None {
            self.faults.fetch_add(1, Ordering::Relaxed);
        }
        match fault {
            Fault::None => self.forward(request).await,
            Fault::Status(status) => {
                drain(request).await;
                let status = StatusCode::from_u16(status).expect("a plan names a status");
                Ok(reply(status, error_document(if status == 503 { "SlowDown" } else { "InternalError" })))
            }
            Fault::Refused(status, code) => {
                drain(request).await;
                let status = StatusCode::from_u16(status).expect("a plan names a status");
                Ok(reply(status, error_document(code)))
            }
            Fault::Reset => Err(broken("reset")),
            Fault::LostReply => {
                let response = self.forward(request).await?;
                // The work is only done when the store has answered in full.
                response.into_body().collect().await?;
                Err(broken("lost reply"))
            }
            Fault::Silence(time) => {
                tokio::time::sleep(time).await;
                Err(broken("silence"))
            }
            Fault::Held => {
                plans.changed().await.map_err(std::io::Error::other)?;
                self.forward(request).await
            }
            Fault::Truncated(length) => Ok(self.forward(request).await?.map(|body| truncate(body, length))),
            Fault::ErrorInSuccess => {
                drain(request).await;
                Ok(reply(StatusCode::OK, error_document("InternalError")))
            }
        }
    }

    async fn forward(&self, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
        let stream = TcpStream::connect(&self.target).await?;
        stream.set_nodelay(true).ok();
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .preserve_header_case(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(std::io::Error::other)?;
        Ok(response.map(|body| body.map_err(std::io::Error::other).boxed()))
    }
}

/// A client that still sends does not read an early reply.
async fn drain(request: Request<Incoming>) {
    let mut body = BodyStream::new(request.into_body());
    while let Some(Ok(_)) = body.next().await {}
}

fn broken(how: &'static str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, how)
}

/// The announced length stays; after `length` bytes the body is an error, which breaks the connection.
fn truncate(body: Body, length: usize) -> Body {
    let mut left = length;
    let pieces = BodyStream::new(body).filter_map(move |frame| {
        let piece = match frame.map(Frame::into_data) {
            Ok(Ok(data)) if left > 0 => {
                let kept = data.slice(..data.len().min(left));
                left -= kept.len();
                Some(Ok(Frame::data(kept)))
            }
            Ok(Err(_)) => None,
            _ => Some(Err(broken("truncated"))),
        };
        std::future::ready(piece)
    });
    BodyExt::boxed(StreamBody::new(pieces))
}

fn error_document(code: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>injected by a test</Message>\
         <RequestId>0</RequestId></Error>"
    )
}

fn reply(status: StatusCode, document: String) -> Response<Body> {
    let body = Full::new(Bytes::from(document)).map_err(|never: Infallible| match never {}).boxed();
    Response::builder()
        .status(status)
        .header("content-type", "application/xml")
        .body(body)
        .expect("a status and one header make a response")
}
