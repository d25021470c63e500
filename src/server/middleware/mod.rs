//! What happens around every request, whichever route answers it: an id, a span for its log lines, the refusal of
//! malformed heads, the client behind trusted proxies, a net under panics, response headers, and metrics. It knows no
//! route and no credential.

mod client;
mod exchange;
mod head;
mod refusal;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, body::Body};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Extensions, HeaderName, HeaderValue, Request, Response, header};
use listener::Peer;
use tower::{Service, ServiceExt};
use tracing::{Instrument, error_span};
use uuid::Uuid;

use self::exchange::{CountedBody, Exchange};
pub(crate) use self::{client::Client, exchange::MeasuredBody};
use crate::{config::Network, metrics::HttpMetrics};

/// The template of the route that answered: an extension of the response, and a label of the metrics. A response without
/// one counts under `other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RouteLabel(pub(crate) &'static str);

/// The id of a request: an extension of it, a field of its log lines, and the `X-Request-Id` of its response. It is
/// always our own: an id taken from a client could be used to write into our logs, or to confuse them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId(pub(crate) Uuid);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The router with everything around it.
#[derive(Clone)]
pub(crate) struct Frame {
    router: Router,
    shared: Arc<Shared>,
}

struct Shared {
    metrics: Arc<HttpMetrics>,
    trusted_proxies: Vec<Network>,
    fronts: Fronts,
}

/// How the frame talks to the fronts, which have types of their own for what both need.
#[derive(Clone, Copy)]
pub(crate) struct Fronts {
    /// Puts what a front wants to know of the client into the extensions of a request.
    pub(crate) introduce: fn(&Client, &mut Extensions),
    /// Finds the route template that a front left in the extensions of its response; our own `RouteLabel` is found
    /// anyway.
    pub(crate) route_of: fn(&Extensions) -> Option<&'static str>,
    /// Whether the extensions of a response say that the request only read, as those of some with a method that does not.
    pub(crate) reads: fn(&Extensions) -> bool,
}

impl Frame {
    /// Puts the frame around `router`.
    pub(crate) fn new(
        router: Router,
        metrics: Arc<HttpMetrics>,
        trusted_proxies: Vec<Network>,
        fronts: Fronts,
    ) -> Self {
        let shared = Arc::new(Shared { metrics, trusted_proxies, fronts });
        Self { router, shared }
    }
}

impl<B> Service<Request<B>> for Frame
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<MeasuredBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let id = Uuid::new_v4();
        let client = client::resolve(&mut request, &self.shared.trusted_proxies);
        // At the level of errors, so that the id is on their lines however little is logged.
        let span = error_span!("request", %id, method = %request.method(), peer = %client.address);
        let mut exchange = Exchange::new(self.shared.metrics.clone(), span.clone(), request.method().clone());
        let refused = head::check(&request);
        request.extensions_mut().insert(RequestId(id));
        (self.shared.fronts.introduce)(&client, request.extensions_mut());
        request.extensions_mut().insert(client);
        let request = request.map(|body| CountedBody::boxed(body, &mut exchange));
        let router = self.router.clone();
        let Fronts { route_of, reads, .. } = self.shared.fronts;
        let answer = async move {
            let mut response = match refused {
                Some(refusal) => refusal,
                // The panic itself was logged by the hook, inside the span.
                None => match AssertUnwindSafe(router.oneshot(request)).catch_unwind().await {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    Err(_panic) => refusal::internal_error(),
                },
            };
            finish_head(&mut response, id);
            let extensions = response.extensions();
            let route = extensions.get::<RouteLabel>().map(|label| label.0).or_else(|| route_of(extensions));
            exchange.answered(route.unwrap_or("other"), response.status(), reads(extensions));
            Ok(response.map(|body| MeasuredBody::new(body, exchange)))
        };
        Box::pin(answer.instrument(span))
    }
}

fn finish_head(response: &mut Response<Body>, id: Uuid) {
    let mut text = [0; 36];
    let text = id.hyphenated().encode_lower(&mut text);
    let id = HeaderValue::from_str(text).expect("an id is hexadecimal digits and hyphens");
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id);
    // What was pushed must never be taken for a page (content sniffing turns a layer into HTML).
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// The address of the other end of the connection, for a request that came from the listener.
fn peer_of<B>(request: &Request<B>) -> Option<Peer> {
    request.extensions().get::<Peer>().copied()
}
