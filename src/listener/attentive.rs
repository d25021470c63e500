//! A socket that looks out for the next request for a moment before its thread sleeps.
//!
//! Putting a thread to sleep and waking it takes about as long as answering a small request. A client that asks one thing after
//! the other from the same machine or the same rack has its next request here before the thread has slept. So the thread looks at
//! the socket for some microseconds first: only for a client that was that quick the last time, and only while no other connection
//! asks, so that a client far away costs nothing, and neither do many.

use std::{
    hint::spin_loop,
    io,
    pin::Pin,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use rustix::{io::Errno, net::RecvFlags};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::io::Notes;

/// How long to look out, and within which time of an answer the next request must come for that to be worth while.
const LOOK_OUT: Duration = Duration::from_micros(100);

/// Bytes that are taken at once: more than most heads have. The rest is read as ever.
const HEAD: usize = 2048;

/// Whether the client can run on another core meanwhile.
static HAS_CORES: LazyLock<bool> = LazyLock::new(|| thread::available_parallelism().is_ok_and(|cores| cores.get() > 1));

/// The number of the next connection.
static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

/// The connection that awaited its next request last.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The socket of a client.
pub(super) struct Attentive {
    socket: TcpStream,
    notes: Arc<Notes>,
    number: u64,
    /// Since when the next request is awaited.
    awaited: Option<Instant>,
    /// Whether the last request came soon after the answer before it.
    prompt: bool,
}

impl Attentive {
    /// For a new connection.
    pub(super) fn new(socket: TcpStream, notes: Arc<Notes>) -> Self {
        Self { socket, notes, number: CONNECTIONS.fetch_add(1, Relaxed), awaited: None, prompt: false }
    }

    /// The socket itself.
    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Whether nothing is asked now, since the last answer.
    fn begins_to_wait(&self) -> bool {
        self.awaited.is_none() && self.notes.activity.is_between_requests()
    }

    /// Whether no other connection was served since this one was last.
    fn is_alone(&self) -> bool {
        let alone = LAST.load(Relaxed) == self.number;
        if !alone {
            LAST.store(self.number, Relaxed);
        }
        alone
    }

    /// Bytes came.
    fn received(&mut self) {
        if let Some(awaited) = self.awaited.take() {
            self.prompt = awaited.elapsed() < LOOK_OUT;
        }
    }

    /// Reads what arrives within a moment. It asks the kernel itself: tokio asks only when epoll says so, and epoll will say so
    /// again for what was read here, which tokio then finds to be gone.
    fn look_out(&self, from: Instant, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut head = [0; HEAD];
        let room = buffer.remaining().min(HEAD);
        loop {
            match rustix::net::recv(&self.socket, &mut head[..room], RecvFlags::DONTWAIT) {
                Ok((count, _)) => {
                    buffer.put_slice(&head[..count]);
                    return Poll::Ready(Ok(()));
                }
                Err(Errno::AGAIN | Errno::INTR) if from.elapsed() < LOOK_OUT => spin_loop(),
                Err(Errno::AGAIN | Errno::INTR) => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }
}

impl AsyncRead for Attentive {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut result = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if result.is_pending() && self.begins_to_wait() {
            let from = Instant::now();
            self.awaited = Some(from);
            if self.is_alone() && self.prompt && *HAS_CORES {
                result = self.look_out(from, buffer);
            }
        }
        if result.is_ready() {
            self.received();
        }
        result
    }
}

impl AsyncWrite for Attentive {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream as Client};

    use super::*;

    /// A client, and the socket that it speaks to.
    fn connected() -> (Client, Attentive) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::connect(listener.local_addr().unwrap()).unwrap();
        let socket = listener.accept().unwrap().0;
        socket.set_nonblocking(true).unwrap();
        (client, Attentive::new(TcpStream::from_std(socket).unwrap(), Notes::new()))
    }

    /// What is seen at once or within a moment; nothing if nothing came.
    fn seen(socket: &Attentive, room: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; room];
        let mut buffer = ReadBuf::new(&mut bytes);
        match socket.look_out(Instant::now(), &mut buffer) {
            Poll::Ready(result) => result.map(|()| Some(buffer.filled().to_vec())).unwrap(),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn what_has_arrived_is_seen_as_far_as_there_is_room_and_so_is_the_end() {
        let (mut client, socket) = connected();
        assert_eq!(seen(&socket, 8), None);
        client.write_all(b"GET / HTTP/1.1").unwrap();
        assert_eq!(seen(&socket, 8).unwrap(), b"GET / HT");
        assert_eq!(seen(&socket, 64).unwrap(), b"TP/1.1");
        assert_eq!(seen(&socket, 64), None);
        drop(client);
        assert_eq!(seen(&socket, 64).unwrap(), b"");
    }

    #[tokio::test]
    async fn it_begins_to_look_out_between_requests_and_notes_who_was_quick() {
        let (_client, mut socket) = connected();
        assert!(!socket.begins_to_wait(), "before the first request");
        socket.notes.activity.begin();
        assert!(!socket.begins_to_wait(), "during a request");
        socket.notes.activity.end();
        assert!(socket.begins_to_wait());

        socket.awaited = Some(Instant::now());
        assert!(!socket.begins_to_wait(), "twice");
        socket.received();
        assert!(socket.prompt);
        socket.awaited = Some(Instant::now() - 2 * LOOK_OUT);
        socket.received();
        assert!(!socket.prompt);

        socket.notes.activity.received();
        assert!(!socket.begins_to_wait(), "in the middle of a head");
    }
}
