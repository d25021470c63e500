//! A socket that sends parts of files by itself: where a placeholder of the handover arrives, the part that it stands for
//! goes out from the page cache (`sendfile`). Everything else passes unchanged.
//!
//! A placeholder must never reach the client. HTTP libraries may copy what they are given to write, and a copy is not
//! recognized; but its part then still waits, and while a part waits nothing passes but what precedes its placeholder. So
//! the connection breaks before it lies.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use blobs::{FilePart, Handover};
use rustix::io::Errno;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tracing::error;

use super::attentive::Attentive;

/// The socket of a client that is spoken to in the clear.
pub(super) struct FileSending {
    socket: Attentive,
    handover: Handover,
    /// What is left of the part that has to be sent next.
    part: Option<FilePart>,
}

impl FileSending {
    /// Sends on `socket` what is handed over.
    pub(super) fn new(socket: Attentive, handover: Handover) -> Self {
        Self { socket, handover, part: None }
    }

    /// Sends some of the part.
    fn poll_send(&mut self, cx: &mut Context<'_>, mut part: FilePart) -> Poll<io::Result<usize>> {
        loop {
            let socket = self.socket.socket();
            if socket.poll_write_ready(cx)?.is_pending() {
                self.part = Some(part);
                return Poll::Pending;
            }
            let mut at = part.at;
            let sent = socket.try_io(Interest::WRITABLE, || {
                Ok(rustix::fs::sendfile(socket, &part.file, Some(&mut at), part.length)?)
            });
            match sent {
                Ok(0) => {
                    error!("the file of a blob is shorter than the blob; run wharf fsck");
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                Ok(count) => {
                    part.at = at;
                    part.length -= count;
                    self.part = (part.length > 0).then_some(part);
                    return Poll::Ready(Ok(count));
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(error) => {
                    if error.raw_os_error() == Some(Errno::IO.raw_os_error()) {
                        error!(%error, "cannot read the file of a blob");
                    }
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

impl AsyncWrite for FileSending {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(part) = self.part.take().or_else(|| self.handover.next()) else {
            return Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        };
        let place = slices.iter().position(|slice| self.handover.is_placeholder(slice));
        let Some(place) = place.filter(|place| slices[*place].len() == part.length) else {
            return Poll::Ready(Err(io::Error::other("a part of a file lost its place in the response")));
        };
        let before = &slices[..place];
        if before.iter().all(|slice| slice.is_empty()) {
            return self.poll_send(cx, part);
        }
        self.part = Some(part);
        Pin::new(&mut self.socket).poll_write_vectored(cx, before)
    }

    fn is_write_vectored(&self) -> bool {
        // A library that writes piece by piece would copy the pieces together.
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl AsyncRead for FileSending {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}
