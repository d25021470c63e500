//! The bodies on their way through: the client's, whose pieces count as signs of life, and the target's, which keeps the
//! target's count of requests until it has gone out whole, and ends when the target's time is over.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use listener::RequestBody;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::pulse::Pulse;
use crate::target::InFlight;

/// What can go wrong with a body.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body, wherever it comes from.
pub(crate) type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

/// A body that is there.
pub(crate) fn full(bytes: impl Into<Bytes>) -> AnyBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// No body.
pub(crate) fn empty() -> AnyBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A client's body on its way to a target.
pub(crate) struct Upload {
    body: RequestBody,
    pulse: Pulse,
}

impl Upload {
    pub(crate) fn new(body: RequestBody, pulse: Pulse) -> Self {
        Self { body, pulse }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.pulse.await_client(frame.is_pending());
        let frame = ready!(frame);
        self.pulse.beat();
        if matches!(frame, Some(Err(_))) {
            self.pulse.client_failed();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A target's body on its way to a client.
pub(crate) struct Download {
    body: Incoming,
    pulse: Pulse,
    idle: Duration,
    /// Runs while the target is waited for.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    /// Completes when the target's time is over; made when it is waited for.
    gone: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    in_flight: InFlight,
}

impl Download {
    /// Fails when the target sends nothing for `idle`, and takes nothing of the client's body either: `pulse` tells that. And
    /// when the target has drained for as long as it may.
    pub(crate) fn new(body: Incoming, pulse: Pulse, idle: Duration, in_flight: InFlight) -> Self {
        Self { body, pulse, idle, timer: None, waiting: false, gone: None, in_flight }
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let token = &this.in_flight.target().gone;
        let gone = this.gone.get_or_insert_with(|| Box::pin(token.clone().cancelled_owned()));
        if gone.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err("the time of the target is over".into())));
        }
        let deadline = Instant::now() + this.idle;
        let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if !this.waiting {
            this.waiting = true;
            timer.as_mut().reset(deadline);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            let end = this.pulse.end(this.idle);
            if end <= Instant::now() {
                return Poll::Ready(Some(Err("the target stopped sending".into())));
            }
            timer.as_mut().reset(end);
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
