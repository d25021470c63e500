//! The smallest HTTP/1.1 client that a load generator needs: one connection, one request at a time, requests prepared by
//! the caller, replies read into one reused buffer. The generator shares its cores with the servers, so a request must
//! cost it microseconds, and the body of a download is thrown away inside the kernel: what is measured is the server, not
//! how fast one thread copies. It knows no TLS, no redirects and no pipelining.

use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use rustix::net::RecvFlags;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;

/// Bytes of the read buffer.
const BUFFER: usize = 16 * 1024;
/// The most that is thrown away at a time.
const DISCARD: usize = 4 << 20;

/// One keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    head: Vec<u8>,
    /// Where discarded bytes would go if the kernel wrote them anywhere: it takes addresses but no memory.
    nowhere: Vec<u8>,
}

/// What a reply said, its body aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// Length of the body, or for a HEAD request the length that was announced.
    pub(crate) length: u64,
}

enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        let (buffer, head) = (vec![0; BUFFER], Vec::with_capacity(1024));
        Ok(Self { stream, buffer, start: 0, end: 0, head, nowhere: Vec::new() })
    }

    /// Sends the pieces of one request, in order.
    pub(crate) async fn send(&mut self, pieces: &[&[u8]]) -> Result<()> {
        for piece in pieces {
            self.stream.write_all(piece).await.context("the server closed the connection while we sent")?;
        }
        Ok(())
    }

    /// Reads one reply and throws its body away. `bodiless` is for replies to HEAD.
    pub(crate) async fn receive(&mut self, bodiless: bool) -> Result<Reply> {
        self.read_reply(bodiless, None).await
    }

    /// Reads one reply and appends its body to `body`.
    pub(crate) async fn receive_into(&mut self, body: &mut Vec<u8>) -> Result<Reply> {
        self.read_reply(false, Some(body)).await
    }

    /// The value of a header of the last reply.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
            let (field, value) = split_field(line)?;
            field.eq_ignore_ascii_case(name.as_bytes()).then(|| std::str::from_utf8(value).ok()).flatten()
        })
    }

    async fn read_reply(&mut self, bodiless: bool, mut body: Option<&mut Vec<u8>>) -> Result<Reply> {
        let (status, framing) = loop {
            let (status, framing) = self.read_head().await?;
            // Interim replies (100, 103) announce the real one.
            if status >= 200 {
                break (status, framing);
            }
        };
        let length = match framing {
            Framing::Length(length) if bodiless => length,
            _ if bodiless || status == 204 || status == 304 => 0,
            Framing::Length(length) => {
                self.take(length, &mut body).await?;
                length
            }
            Framing::Chunked => self.take_chunks(&mut body).await?,
            Framing::UntilClose => bail!("the reply ({status}) has neither a length nor chunks"),
        };
        Ok(Reply { status, length })
    }

    async fn read_head(&mut self) -> Result<(u16, Framing)> {
        let mut searched = 0;
        let length = loop {
            let window = &self.buffer[self.start..self.end];
            if let Some(length) = end_of_head(window, searched) {
                break length;
            }
            searched = window.len().saturating_sub(3);
            self.fill().await?;
        };
        self.head.clear();
        self.head.extend_from_slice(&self.buffer[self.start..self.start + length]);
        self.start += length;
        parse_head(&self.head)
    }

    /// Takes `length` bytes of body off the wire.
    async fn take(&mut self, mut length: u64, body: &mut Option<&mut Vec<u8>>) -> Result<()> {
        while length > 0 {
            if self.start == self.end {
                if body.is_none() && length > BUFFER as u64 {
                    return self.discard(length).await;
                }
                self.fill().await?;
            }
            let available = &self.buffer[self.start..self.end];
            let count = usize::try_from(length).map_or(available.len(), |wanted| wanted.min(available.len()));
            if let Some(body) = body {
                body.extend_from_slice(&available[..count]);
            }
            self.start += count;
            length -= count as u64;
        }
        Ok(())
    }

    /// Takes `length` bytes off the wire without looking at them, and without the kernel copying them (`MSG_TRUNC`).
    async fn discard(&mut self, mut length: u64) -> Result<()> {
        if self.nowhere.is_empty() {
            self.nowhere = vec![0; DISCARD];
        }
        while length > 0 {
            self.stream.readable().await?;
            let most = usize::try_from(length).map_or(DISCARD, |length| length.min(DISCARD));
            let nowhere = &mut self.nowhere[..most];
            let received = self.stream.try_io(Interest::READABLE, || {
                let (_, count) = rustix::net::recv(&self.stream, nowhere, RecvFlags::TRUNC)?;
                Ok(count)
            });
            match received {
                Ok(0) => bail!("the server closed the connection before its reply was whole"),
                Ok(count) => length -= count as u64,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error).context("the connection broke"),
            }
        }
        Ok(())
    }

    async fn take_chunks(&mut self, body: &mut Option<&mut Vec<u8>>) -> Result<u64> {
        let mut total = 0;
        loop {
            let line = self.read_line().await?;
            let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
            let digits = std::str::from_utf8(digits).context("a chunk length is not text")?.trim();
            let length = u64::from_str_radix(digits, 16).context("a chunk length is not a number")?;
            self.take(length, body).await?;
            total += length;
            if length > 0 {
                self.read_line().await?;
            } else {
                // Trailer fields, which nobody here asks for, end with an empty line.
                while !self.read_line().await?.is_empty() {}
                return Ok(total);
            }
        }
    }

    async fn read_line(&mut self) -> Result<Vec<u8>> {
        loop {
            let window = &self.buffer[self.start..self.end];
            if let Some(length) = window.iter().position(|byte| *byte == b'\n') {
                let line = window[..length].trim_ascii_end().to_vec();
                self.start += length + 1;
                return Ok(line);
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            ensure!(self.start > 0, "the head of a reply is larger than {} bytes", self.buffer.len());
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let count = self.stream.read(&mut self.buffer[self.end..]).await.context("the connection broke")?;
        ensure!(count > 0, "the server closed the connection before its reply was whole");
        self.end += count;
        Ok(())
    }
}

/// Length of the head with its empty line, if it is all there; `from` is where an earlier search ended.
fn end_of_head(window: &[u8], from: usize) -> Option<usize> {
    window[from..].windows(4).position(|four| four == b"\r\n\r\n").map(|index| from + index + 4)
}

fn parse_head(head: &[u8]) -> Result<(u16, Framing)> {
    let status = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|text| text.parse().ok());
    let status = status.context("the reply does not begin with a status line")?;
    let mut framing = Framing::UntilClose;
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        // Only two fields matter here, and most lines are ruled out by their first letter.
        match line.first() {
            Some(b'c' | b'C') => {
                if let Some((name, value)) = split_field(line)
                    && name.eq_ignore_ascii_case(b"content-length")
                {
                    let length = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                    framing = Framing::Length(length.context("the reply has an invalid content-length")?);
                }
            }
            Some(b't' | b'T') => {
                if let Some((name, value)) = split_field(line)
                    && name.eq_ignore_ascii_case(b"transfer-encoding")
                    && value.eq_ignore_ascii_case(b"chunked")
                {
                    return Ok((status, Framing::Chunked));
                }
            }
            _ => {}
        }
    }
    Ok((status, framing))
}

fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some((&line[..colon], line[colon + 1..].trim_ascii()))
}
