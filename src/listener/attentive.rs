//! A socket that looks out for the next request for a moment before its thread sleeps.
//!
//! Putting a thread to sleep and waking it takes about as long as answering a small request. A client that asks one thing after
//! the other from the same machine or the same rack has its next request here before the thread has slept. So the thread looks at
//! the socket for some microseconds first: not longer than the request took to come when the thread slept, and only while no other
//! connection asks. Where that is in vain, because the client is slow or gets no core meanwhile, it is tried less and less. So a
//! client far away costs nothing, and neither do many.

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

/// The longest time to look out.
const LOOK_OUT: Duration = Duration::from_micros(100);

/// After looking out in vain for the n-th time, the next 2^n requests are slept for, n up to this.
const DOUBLINGS: u32 = 10;

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
    /// Whether it was looked out for.
    looked_out: bool,
    /// How long the last request took to come that was slept for. Nothing if that was long.
    slept: Option<Duration>,
    /// How often it was looked out in vain, less how often it was not.
    misses: u32,
    /// Requests to sleep for before it is tried again.
    rest: u32,
}

impl Attentive {
    /// For a new connection.
    pub(super) fn new(socket: TcpStream, notes: Arc<Notes>) -> Self {
        let number = CONNECTIONS.fetch_add(1, Relaxed);
        Self { socket, notes, number, awaited: None, looked_out: false, slept: None, misses: 0, rest: 0 }
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

    /// For how long to look out now, if at all.
    fn patience(&mut self) -> Option<Duration> {
        let alone = self.is_alone();
        let slept = self.slept.filter(|_| alone && *HAS_CORES)?;
        if self.rest > 0 {
            self.rest -= 1;
            return None;
        }
        Some(slept)
    }

    /// Notes whether what was looked out for came.
    fn looked_out(&mut self, in_vain: bool) {
        self.looked_out = true;
        if in_vain {
            self.misses = (self.misses + 1).min(DOUBLINGS);
            self.rest = 1 << self.misses;
        } else {
            self.misses = self.misses.saturating_sub(1);
        }
    }

    /// Bytes came.
    fn received(&mut self) {
        let Some(awaited) = self.awaited.take() else { return };
        if !std::mem::take(&mut self.looked_out) {
            self.slept = Some(awaited.elapsed()).filter(|time| *time < LOOK_OUT);
        }
    }

    /// Reads what arrives within a moment. It asks the kernel itself: tokio asks only when epoll says so, and epoll will say so
    /// again for what was read here, which tokio then finds to be gone.
    fn look_out(&self, until: Instant, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut head = [0; HEAD];
        let room = buffer.remaining().min(HEAD);
        loop {
            match rustix::net::recv(&self.socket, &mut head[..room], RecvFlags::DONTWAIT) {
                Ok((count, _)) => {
                    buffer.put_slice(&head[..count]);
                    return Poll::Ready(Ok(()));
                }
                Err(Errno::AGAIN | Errno::INTR) if Instant::now() < until => spin_loop(),
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
            if let Some(patience) = self.patience() {
                result = self.look_out(from + patience, buffer);
                self.looked_out(result.is_pending());
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
        match socket.look_out(Instant::now() + LOOK_OUT, &mut buffer) {
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
    async fn it_begins_to_wait_between_requests() {
        let (_client, mut socket) = connected();
        assert!(!socket.begins_to_wait(), "before the first request");
        socket.notes.activity.begin();
        assert!(!socket.begins_to_wait(), "during a request");
        socket.notes.activity.end();
        assert!(socket.begins_to_wait());
        socket.awaited = Some(Instant::now());
        assert!(!socket.begins_to_wait(), "twice");
        socket.received();
        socket.notes.activity.received();
        assert!(!socket.begins_to_wait(), "in the middle of a head");
    }

    #[tokio::test]
    async fn it_looks_out_as_long_as_a_quick_client_took_and_less_often_where_that_is_in_vain() {
        let (_client, mut socket) = connected();
        let ago = |time| Some(Instant::now().checked_sub(time).unwrap());
        socket.awaited = ago(LOOK_OUT / 2);
        socket.received();
        assert!(socket.slept.is_some_and(|slept| slept >= LOOK_OUT / 2));
        let slept = socket.slept;
        for misses in 1..=12 {
            socket.looked_out(true);
            assert_eq!(socket.rest, 1 << misses.min(10));
            socket.awaited = ago(LOOK_OUT / 4);
            socket.received();
            assert_eq!(socket.slept, slept, "what was looked out for in vain says nothing about sleeping");
        }
        socket.looked_out(false);
        socket.looked_out(true);
        assert_eq!(socket.rest, 1 << 10);
        socket.received();
        socket.looked_out = false;
        socket.awaited = ago(2 * LOOK_OUT);
        socket.received();
        assert_eq!(socket.slept, None);
    }
}
