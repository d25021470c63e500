//! Answers the requests of one listener: the head is checked, the rule is found, and its action is carried out.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use elb::routing::Action;
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use listener::{Peer, RequestBody};
use tower::Service;

use crate::body::AnyBody;
use crate::forward::{self, Asked};
use crate::live::Live;
use crate::rules::{self, Facts};
use crate::{headers, reply};

/// What serves the connections of one listener.
#[derive(Clone)]
pub(crate) struct Front {
    live: Arc<Live>,
    listener_id: Arc<str>,
    port: u16,
}

impl Front {
    pub(crate) fn new(live: &Arc<Live>, listener_id: &str, port: u16) -> Self {
        Self { live: Arc::clone(live), listener_id: listener_id.into(), port }
    }

    async fn answer(self, mut request: Request<RequestBody>) -> Response<AnyBody> {
        let routes = self.live.routes();
        // A connection may outlive its listener.
        let Some(listener) = routes.listeners.get(&*self.listener_id) else {
            return reply::failure(StatusCode::SERVICE_UNAVAILABLE);
        };
        let refused = |status| {
            listener.counts.failed(status);
            reply::failure(status)
        };
        if let Some((status, _)) = listener::fault(&request) {
            return last(refused(status), request.version());
        }
        // Nor does AWS let a client read what is said to targets alone.
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            return last(refused(StatusCode::METHOD_NOT_ALLOWED), request.version());
        }
        let Some(peer) = request.extensions().get::<Peer>().copied() else {
            return refused(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let host = request.uri().authority().cloned().or_else(|| {
            let field = request.headers().get(header::HOST)?;
            Authority::try_from(field.as_bytes()).ok()
        });
        let source = peer.address.ip().to_canonical();
        let facts = Facts::new(host.as_ref(), request.uri(), request.method(), request.headers(), source);
        match rules::choose(&listener.rules, &facts) {
            Some(Action::Forward { groups, stickiness }) => {
                let Ok(place) = Arc::clone(&self.live.places).try_acquire_owned() else {
                    return refused(StatusCode::SERVICE_UNAVAILABLE);
                };
                let websocket = headers::wants_websocket(request.headers()) && request.method() == Method::GET;
                // Taken before the request is taken apart.
                let upgrade = websocket.then(|| hyper::upgrade::on(&mut request));
                let asked = Asked { request, host, peer, port: self.port, upgrade };
                forward::forward(&routes, listener, groups, *stickiness, asked, place).await
            }
            Some(action @ Action::Redirect { .. }) => {
                listener.counts.redirected();
                reply::redirect(action, host.as_ref(), request.uri(), peer.tls, self.port)
            }
            Some(Action::FixedResponse { status, content_type, body }) => {
                listener.counts.fixed();
                reply::fixed(*status, content_type.as_deref(), body)
            }
            None => refused(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

/// The last answer on a connection: what follows on it may not be what it seems.
fn last(mut answer: Response<AnyBody>, version: Version) -> Response<AnyBody> {
    // A stream of HTTP/2 ends by itself.
    if version < Version::HTTP_2 {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

impl Service<Request<RequestBody>> for Front {
    type Response = Response<AnyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let front = self.clone();
        let head = request.method() == Method::HEAD;
        Box::pin(async move {
            let answer = front.answer(request).await;
            Ok(if head { reply::head(answer) } else { answer })
        })
    }
}
