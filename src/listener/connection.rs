//! One connection: the TLS handshake, then HTTP until the client leaves, overstays, or the program stops.

use std::{
    convert::Infallible,
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering::Relaxed},
};

use blobs::{Handover, Placeholder};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Version, header::CONNECTION};
use http_body::Body;
use hyper::{body::Incoming, service::Service as HyperService};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};
use tracing::debug;

use super::{
    AmbiguousFraming, Limits, Peer,
    activity::Verdict,
    attentive::Attentive,
    body::{InFlight, RequestBody, ResponseBody, Withheld},
    io::{Notes, Watched},
    sendfile::FileSending,
};

/// A place among the connections of a listener: an extension of every request. A connection that is upgraded keeps its place
/// for as long as somebody holds this.
#[derive(Debug, Clone)]
pub struct Slot(#[expect(dead_code, reason = "what it holds matters, not what it says")] Arc<OwnedSemaphorePermit>);

/// What all connections of a listener share.
pub(super) struct Shared<S> {
    pub(super) service: S,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) http: auto::Builder<TokioExecutor>,
    pub(super) limits: Limits,
    /// Stands for the files that connections send.
    pub(super) placeholder: Placeholder,
    /// The order to finish what is in flight and close.
    pub(super) stop: CancellationToken,
    /// The order to close at once.
    pub(super) cut: CancellationToken,
}

/// HTTP as this program speaks it. hyper refuses more headers than it may take (431) and request lines over 64 KiB by itself.
pub(super) fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // hyper starts this timer when the previous response ends, so it has to allow for idleness; the tighter limit on
        // the head itself is kept by `activity`.
        .header_read_timeout(limits.idle + limits.header)
        // Bounds a head, and what one upload holds in memory at a time.
        .max_buf_size(32 * 1024);
    if let Some(fields) = limits.fields {
        builder.http1().max_headers(fields);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        // Windows begin small and grow with what is read in a round trip: connections times window is what clients that wait
        // for their turn can make us hold, and a fixed window would bound what an upload moves per round trip.
        .adaptive_window(true)
        .max_concurrent_streams(256)
        .max_header_list_size(32 * 1024)
        // Rapid reset (CVE-2023-44487) and its relatives.
        .max_pending_accept_reset_streams(32)
        .max_local_error_reset_streams(64)
        .keep_alive_interval(std::time::Duration::from_secs(30))
        .keep_alive_timeout(std::time::Duration::from_secs(20));
    builder
}

impl<S, B> Shared<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Serves one client to the end, and then gives the permit back.
    pub(super) async fn serve(self: Arc<Self>, socket: TcpStream, mut peer: Peer, permit: OwnedSemaphorePermit) {
        let slot = Slot(Arc::new(permit));
        // Answers are written whole; waiting for more would only delay them.
        let _ = socket.set_nodelay(true);
        let notes = Notes::new();
        let socket = Attentive::new(socket, notes.clone());
        let Some(tls) = &self.tls else {
            let handover = Handover::new(&self.placeholder);
            let socket = FileSending::new(socket, handover.clone());
            return self.speak(socket, notes, peer, slot, Some(handover)).await;
        };
        peer.tls = true;
        let handshake = timeout(self.limits.handshake, tls.accept(socket));
        tokio::select! {
            result = handshake => match result {
                Ok(Ok(stream)) => self.speak(stream, notes, peer, slot, None).await,
                Ok(Err(error)) => debug!(peer = %peer.address, %error, "TLS handshake failed"),
                Err(_) => debug!(peer = %peer.address, "TLS handshake took too long"),
            },
            () = self.stop.cancelled() => {}
        }
    }

    /// Speaks HTTP on a stream. There is a `handover` if the stream can send files.
    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        notes: Arc<Notes>,
        peer: Peer,
        slot: Slot,
        handover: Option<Handover>,
    ) {
        let io = TokioIo::new(Watched::new(stream, notes.clone()));
        let (service, stall) = (self.service.clone(), self.limits.stall);
        let service = PerConnection { service, peer, slot, notes: notes.clone(), handover, stall };
        let mut connection = pin!(self.http.serve_connection_with_upgrades(io, service));
        let mut stop = pin!(self.stop.cancelled());
        let mut cut = pin!(self.cut.cancelled());
        let mut check = pin!(sleep(self.limits.header / 3));
        let mut stopping = false;
        let mut closing = None;
        loop {
            tokio::select! {
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        debug!(peer = %peer.address, error, "connection ended early");
                    }
                    return;
                }
                () = stop.as_mut(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = cut.as_mut() => return,
                () = check.as_mut() => {
                    let next = match notes.activity.judge(&self.limits) {
                        Verdict::Keep(next) => next,
                        Verdict::Close => {
                            // HTTP/2 may still hold the end of an answer.
                            if closing.get_or_insert_with(Instant::now).elapsed() >= self.limits.stall {
                                debug!(peer = %peer.address, "the client does not read the end of its answer");
                                return;
                            }
                            connection.as_mut().graceful_shutdown();
                            self.limits.header
                        }
                        Verdict::Drop => {
                            debug!(peer = %peer.address, "the client took too long");
                            return;
                        }
                    };
                    check.as_mut().reset(Instant::now() + next);
                }
            }
        }
    }
}

/// The service as one connection sees it.
struct PerConnection<S> {
    service: S,
    peer: Peer,
    slot: Slot,
    notes: Arc<Notes>,
    handover: Option<Handover>,
    stall: std::time::Duration,
}

impl<S, B> HyperService<Request<Incoming>> for PerConnection<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Unpin + 'static,
{
    type Response = Response<ResponseBody<B>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let number = self.notes.activity.begin();
        let in_flight = InFlight(self.notes.clone());
        let stall = self.stall;
        let (head, incoming) = request.into_parts();
        let version = head.version;
        let withheld = Withheld::new(&incoming, version, &head.headers);
        let body = RequestBody::new(incoming, stall, version, withheld.clone(), self.notes.clone());
        // HTTP/2 cuts bodies into frames and mixes them.
        let handover = self.handover.clone().filter(|_| version < Version::HTTP_2);
        let mut request = Request::from_parts(head, body);
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(self.slot.clone());
        if let Some(handover) = handover {
            request.extensions_mut().insert(handover);
        }
        if self.notes.ambiguous.load(Relaxed) == number {
            request.extensions_mut().insert(AmbiguousFraming);
        }
        let response = self.service.clone().oneshot(request);
        Box::pin(async move {
            let mut response = response.await?;
            if withheld.get() {
                // It is answered without leave to send, and does not send. hyper ends the connection then; this says so.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| ResponseBody::new(body, version, in_flight)))
        })
    }
}
