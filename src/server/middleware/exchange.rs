//! One request and its response, followed from the head of the one to the last byte of the other: counted, timed, and
//! written to the log when it is over.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tracing::{Span, debug, info, warn};

use crate::metrics::HttpMetrics;

/// The status that stands for "the client left before there was one"; nginx made it known.
const CLIENT_LEFT: u16 = 499;

/// What is known of the exchange. Dropping it ends it.
pub(super) struct Exchange {
    metrics: Arc<HttpMetrics>,
    span: Span,
    method: Method,
    started: Instant,
    route: &'static str,
    status: u16,
    /// Whether it only read.
    reads: bool,
    /// Only a request with a body has a count of it.
    received: Option<Arc<AtomicU64>>,
    sent: u64,
}

impl Exchange {
    /// Begins now.
    pub(super) fn new(metrics: Arc<HttpMetrics>, span: Span, method: Method) -> Self {
        metrics.begin();
        let started = Instant::now();
        let reads = method == Method::GET || method == Method::HEAD;
        Self { metrics, span, method, started, route: "other", status: CLIENT_LEFT, reads, received: None, sent: 0 }
    }

    /// The head of the response is ready. `reads` is whether its route only reads, whatever the method.
    pub(super) fn answered(&mut self, route: &'static str, status: StatusCode, reads: bool) {
        self.route = route;
        self.reads |= reads;
        self.status = status.as_u16();
        self.metrics.answered(route, &self.method, self.status, self.started.elapsed());
    }

    fn log(&self, took: Duration) {
        let Self { route, status, reads, sent, .. } = self;
        let received = self.received.as_ref().map_or(0, |bytes| bytes.load(Relaxed));
        // Hundredths are enough to compare, and read well.
        let duration_ms = (took.as_secs_f64() * 100_000.0).round() / 100.0;
        // What reads is most of the traffic and changes nothing; its lines are there for who asks for them.
        macro_rules! line {
            ($level:ident) => {
                $level!(
                    target: "wharf::access",
                    route, status, duration_ms, received, bytes = sent, "request finished"
                )
            };
        }
        if *status >= 500 {
            line!(warn);
        } else if *reads {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        if self.status == CLIENT_LEFT {
            self.metrics.answered(self.route, &self.method, self.status, took);
        }
        self.metrics.sent(self.sent);
        self.metrics.end();
        self.span.in_scope(|| self.log(took));
    }
}

/// A request's body that counts its bytes.
pub(super) struct CountedBody<B> {
    body: B,
    metrics: Arc<HttpMetrics>,
    received: Arc<AtomicU64>,
}

impl<B> CountedBody<B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    /// Counts into the exchange. An empty body, as most requests have, costs nothing.
    pub(super) fn boxed(body: B, exchange: &mut Exchange) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        let received = exchange.received.insert(Arc::default()).clone();
        Body::new(Self { body, metrics: exchange.metrics.clone(), received })
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for CountedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.received.fetch_add(data.len() as u64, Relaxed);
            self.metrics.received(data.len() as u64);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A response's body that counts its bytes and ends the exchange.
pub(crate) struct MeasuredBody {
    body: Body,
    exchange: Exchange,
}

impl MeasuredBody {
    /// Ends the exchange when the body has been handed over.
    pub(super) fn new(body: Body, exchange: Exchange) -> Self {
        Self { body, exchange }
    }
}

impl HttpBody for MeasuredBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        // What goes wrong while a blob is read is logged with the request's id too.
        let frame = this.exchange.span.in_scope(|| Pin::new(&mut this.body).poll_frame(cx));
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.exchange.sent += data.len() as u64;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
