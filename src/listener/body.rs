//! The two bodies at the edge: the request's, which fails when the client stops sending, and the response's, which tells
//! the connection when it has been handed over.

use std::{
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Version, header::EXPECT};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep},
};

use super::io::Notes;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What is read of a body that nobody wanted, after its answer is on its way.
const LINGER_BYTES: usize = 64 << 20;
/// For how long.
const LINGER: Duration = Duration::from_secs(10);

/// A request's body. There is no limit to the time it may take as long as something arrives now and then.
pub struct RequestBody {
    /// `None` once it was dropped.
    incoming: Option<Incoming>,
    /// Whether an unread rest is read on when the body is dropped.
    linger: bool,
    withheld: Withheld,
    stall: Duration,
    notes: Arc<Notes>,
    /// Runs while the client is waited for.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

/// Whether the client waits for leave to send (`Expect: 100-continue`) and has none yet: reading would give it. `None` where no
/// client waits, which is nearly always.
#[derive(Clone)]
pub(super) struct Withheld(Option<Arc<AtomicBool>>);

impl Withheld {
    pub(super) fn new(incoming: &Incoming, version: Version, headers: &HeaderMap) -> Self {
        let waits = version < Version::HTTP_2 && headers.contains_key(EXPECT) && !incoming.is_end_stream();
        Self(waits.then(|| Arc::new(AtomicBool::new(true))))
    }

    /// Whether it still waits.
    pub(super) fn get(&self) -> bool {
        self.0.as_ref().is_some_and(|waits| waits.load(Relaxed))
    }

    fn end(&self) {
        if let Some(waits) = &self.0 {
            waits.store(false, Relaxed);
        }
    }
}

impl RequestBody {
    /// Fails after `stall` without a byte.
    pub(super) fn new(
        incoming: Incoming,
        stall: Duration,
        version: Version,
        withheld: Withheld,
        notes: Arc<Notes>,
    ) -> Self {
        Self {
            incoming: Some(incoming),
            // HTTP/2 ends one stream without ending the connection.
            linger: version < Version::HTTP_2,
            withheld,
            stall,
            notes,
            timer: None,
            waiting: false,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.withheld.end();
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) {
            self.waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let this = &mut *self;
        let deadline = Instant::now() + this.stall;
        let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if !this.waiting {
            this.waiting = true;
            timer.as_mut().reset(deadline);
        }
        ready!(pin!(timer).as_mut().poll(cx));
        // It was waited for long enough.
        this.linger = false;
        Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped sending").into())))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl Drop for RequestBody {
    /// A client that is still sending when its answer comes must be able to read that: were the rest left unread, closing
    /// the connection would reset it. So the rest is read and thrown away, within limits, while the answer goes out.
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take()
            && self.linger
            && !self.withheld.get()
            && !incoming.is_end_stream()
            && let Ok(runtime) = Handle::try_current()
        {
            // What comes meanwhile is not the head of the next request, even though the answer may be over.
            let reading = InFlight::hold(&self.notes);
            runtime.spawn(async move {
                let _ = tokio::time::timeout(LINGER, discard(incoming)).await;
                drop(reading);
            });
        }
    }
}

async fn discard(mut incoming: Incoming) {
    let mut read = 0;
    while read < LINGER_BYTES
        && let Some(Ok(frame)) = incoming.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// One request in the connection's notes, from its head to the end of its response.
pub(super) struct InFlight(pub(super) Arc<Notes>);

impl InFlight {
    /// The same request for a while longer.
    fn hold(notes: &Arc<Notes>) -> Self {
        notes.activity.go_on();
        Self(Arc::clone(notes))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.activity.end();
    }
}

/// A response's body on its way out.
pub(super) struct ResponseBody<B> {
    body: B,
    /// Over HTTP/2 only.
    paced: Option<Paced>,
    in_flight: InFlight,
}

/// How a body goes out over HTTP/2, whose library takes whole frames of it as soon as the client takes a byte.
struct Paced {
    /// What is left of the last frame.
    rest: Bytes,
    /// Whether it is the client's turn.
    unread: bool,
}

/// The most that is handed over at once.
const PIECE: usize = 64 << 10;

impl<B: Body<Data = Bytes> + Unpin> ResponseBody<B> {
    /// The body of the answer to a request of this version.
    pub(super) fn new(body: B, version: Version, in_flight: InFlight) -> Self {
        let paced = (version >= Version::HTTP_2).then(|| Paced { rest: Bytes::new(), unread: false });
        let mut this = Self { body, paced, in_flight };
        this.wait();
        this
    }

    /// It is the client's turn, unless this was all.
    fn wait(&mut self) {
        let ended = self.is_end_stream();
        if let Some(paced) = &mut self.paced
            && !ended
        {
            paced.unread = true;
            self.in_flight.0.activity.unread();
        }
    }
}

impl<B> ResponseBody<B> {
    /// It is our turn.
    fn go_on(&mut self) {
        if let Some(paced) = &mut self.paced
            && std::mem::take(&mut paced.unread)
        {
            self.in_flight.0.activity.read_on();
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        this.go_on();
        let Some(paced) = &mut this.paced else { return Pin::new(&mut this.body).poll_frame(cx) };
        if paced.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => paced.rest = data,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let piece = paced.rest.split_to(paced.rest.len().min(PIECE));
        this.wait();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.paced.as_ref().is_none_or(|paced| paced.rest.is_empty()) && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.paced.as_ref().map_or(0, |paced| paced.rest.len() as u64);
        let (mut hint, body) = (SizeHint::new(), self.body.size_hint());
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(body.lower() + rest);
        hint
    }
}

impl<B> Drop for ResponseBody<B> {
    fn drop(&mut self) {
        self.go_on();
    }
}
