//! A client's byte stream that notes what happens on it. It changes nothing.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    activity::Activity,
    framing::{Finding, Framing},
};

/// What the stream and the requests of a connection know of one another.
pub(super) struct Notes {
    /// When what happened.
    pub(super) activity: Activity,
    /// The number of the request whose framing is ambiguous; 0 for none.
    pub(super) ambiguous: AtomicU64,
}

impl Notes {
    /// For a new connection.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { activity: Activity::new(), ambiguous: AtomicU64::new(0) })
    }
}

/// A stream with notes.
pub(super) struct Watched<S> {
    stream: S,
    framing: Framing,
    notes: Arc<Notes>,
}

impl<S> Watched<S> {
    /// Watches `stream`, which carries HTTP in the clear: over TLS it is the decrypted side.
    pub(super) fn new(stream: S, notes: Arc<Notes>) -> Self {
        Self { stream, framing: Framing::new(), notes }
    }

    fn note_write<T>(&self, result: &Poll<T>) {
        match result {
            Poll::Pending => self.notes.activity.write_blocked(),
            Poll::Ready(_) => self.notes.activity.write_moved(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        let received = &buf.filled()[before..];
        if !received.is_empty() {
            self.notes.activity.received();
            match self.framing.scan(received) {
                Finding::Clean => {}
                Finding::Http2 => self.notes.activity.is_http2(),
                Finding::Ambiguous(number) => self.notes.ambiguous.store(number, Relaxed),
            }
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_write(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.note_write(&result);
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
