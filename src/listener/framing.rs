//! Finds HTTP/1 requests that different programs would frame differently, which is what request smuggling lives on.
//!
//! hyper follows RFC 9112 section 6.3: of `Transfer-Encoding` and `Content-Length` it takes the first and removes the
//! second before we see the request. The RFC also allows to refuse such a request, and that is what we want, so the
//! bytes are watched on their way to hyper. Bytes are only looked at in heads and chunk lines; bodies are skipped by
//! their length.

/// A head that must be answered with 400: an extension of that request.
#[derive(Debug, Clone, Copy)]
pub struct AmbiguousFraming;

/// The longest part of a line that is kept; no line that matters is longer.
const KEPT: usize = 256;
/// The longest number that says a length. hyper takes any number of zeros before the rest, of which only a part would be kept.
const LONGEST_NUMBER: usize = 32;

/// Follows the requests of one connection.
pub(super) struct Framing {
    state: State,
    /// The beginning of a line that has not ended yet.
    line: Vec<u8>,
    head: Head,
    heads: u64,
    finding: Finding,
}

/// What has been found on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing.
    Clean,
    /// The connection speaks HTTP/2, which frames by length.
    Http2,
    /// The request with this number, from 1, is ambiguous.
    Ambiguous(u64),
}

enum State {
    /// In a head, or before one.
    Head,
    /// In a body or chunk with this many bytes to come.
    Skip { left: u64, then_chunk: bool },
    /// In the line that begins a chunk.
    ChunkLine,
    /// In the trailers after the last chunk.
    Trailer,
    /// Nothing more will be looked at.
    Off,
}

/// What the head said so far.
#[derive(Default)]
struct Head {
    begun: bool,
    length: Option<u64>,
    chunked: bool,
    ambiguous: bool,
}

impl Framing {
    /// For a new connection.
    pub(super) fn new() -> Self {
        Self { state: State::Head, line: Vec::new(), head: Head::default(), heads: 0, finding: Finding::Clean }
    }

    /// Looks at bytes that the client sent next.
    pub(super) fn scan(&mut self, mut bytes: &[u8]) -> Finding {
        while !bytes.is_empty() && !matches!(self.state, State::Off) {
            if let State::Skip { left, then_chunk } = &mut self.state {
                let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                bytes = &bytes[skipped..];
                *left -= skipped as u64;
                if *left == 0 {
                    self.state = if *then_chunk { State::ChunkLine } else { State::Head };
                }
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                self.keep(bytes);
                break;
            };
            let (line, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            if self.line.is_empty() {
                self.take_line(line);
            } else {
                self.keep(line);
                let line = std::mem::take(&mut self.line);
                self.take_line(&line);
            }
        }
        self.finding
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        // The end of a line tells CRLF from a bare LF, however long the line was.
        if let (true, Some(last), Some(kept)) = (bytes.len() > room, bytes.last(), self.line.last_mut()) {
            *kept = *last;
        }
    }

    fn take_line(&mut self, line: &[u8]) {
        let (line, bare) = match line.strip_suffix(b"\r") {
            Some(line) => (line, false),
            None => (line, true),
        };
        match self.state {
            State::Head => self.take_head_line(line, bare),
            // What ends a line here is a part of it to others, hyper among them: where the next request begins is anybody's guess.
            State::ChunkLine | State::Trailer if bare => self.doubt_what_follows(),
            State::ChunkLine => {
                let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
                match parse_hexadecimal(size) {
                    Some(0) => self.state = State::Trailer,
                    // The chunk's own CRLF follows its data.
                    Some(size) => self.state = State::Skip { left: size.saturating_add(2), then_chunk: true },
                    // hyper refuses most of these too and closes the connection.
                    None => self.doubt_what_follows(),
                }
            }
            State::Trailer if line.is_empty() => self.state = State::Head,
            State::Trailer | State::Skip { .. } | State::Off => {}
        }
    }

    fn take_head_line(&mut self, line: &[u8], bare: bool) {
        if line.is_empty() && self.head.begun {
            self.head.ambiguous |= bare;
            return self.finish_head();
        }
        if line.is_empty() {
            // Empty lines before a request are to be ignored (RFC 9112 section 2.2).
            return;
        }
        if !self.head.begun {
            self.head.begun = true;
            self.head.ambiguous = bare;
            if self.heads == 0 && line == b"PRI * HTTP/2.0" {
                self.state = State::Off;
                self.finding = Finding::Http2;
            }
            return;
        }
        // A bare LF ends the line for hyper but not for every program in front of us.
        self.head.ambiguous |= bare;
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = parse_decimal(value);
            self.head.ambiguous |= self.head.length.is_some() || self.head.chunked || length.is_none();
            self.head.length = length;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            // Other codings are legal but nobody sends them to a registry, and we could not decode them.
            let plain = value.eq_ignore_ascii_case(b"chunked");
            self.head.ambiguous |= self.head.length.is_some() || self.head.chunked || !plain;
            self.head.chunked = true;
        }
    }

    /// The request is under way, and is taken as hyper takes it; the one after it is refused.
    fn doubt_what_follows(&mut self) {
        self.finding = Finding::Ambiguous(self.heads + 1);
        self.state = State::Off;
    }

    fn finish_head(&mut self) {
        self.heads += 1;
        let head = std::mem::take(&mut self.head);
        self.state = if head.ambiguous {
            self.finding = Finding::Ambiguous(self.heads);
            // The connection is closed after the refusal: what follows is nobody's request.
            State::Off
        } else if head.chunked {
            State::ChunkLine
        } else {
            match head.length {
                None | Some(0) => State::Head,
                Some(left) => State::Skip { left, then_chunk: false },
            }
        };
    }
}

fn parse_decimal(digits: &[u8]) -> Option<u64> {
    let text = number(digits)?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn parse_hexadecimal(digits: &[u8]) -> Option<u64> {
    let text = number(digits)?.trim_ascii();
    text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u64::from_str_radix(text, 16).ok())?
}

fn number(digits: &[u8]) -> Option<&str> {
    std::str::from_utf8(digits).ok().filter(|text| text.len() <= LONGEST_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans the text in pieces of every size, which must not make a difference.
    fn scan(text: &str) -> Finding {
        let findings: Vec<Finding> = (1..=text.len())
            .map(|size| {
                let mut framing = Framing::new();
                text.as_bytes().chunks(size).map(|piece| framing.scan(piece)).last().expect("the text is not empty")
            })
            .collect();
        assert!(findings.iter().all(|finding| *finding == findings[0]), "{text:?}: {findings:?}");
        findings[0]
    }

    #[test]
    fn ordinary_requests_are_clean_also_in_a_row() {
        let get = "GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n";
        let put = "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe\nlo";
        let patch = "PATCH /x HTTP/1.1\r\ntransfer-ENCODING:  chunked\r\n\r\n3;x=y\r\na\r\n\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n";
        assert_eq!(scan(&format!("{get}{put}{patch}\r\n{put}{get}{patch}{get}")), Finding::Clean);
    }

    #[test]
    fn headers_inside_a_body_are_not_headers() {
        let trap = "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let put = format!("PUT /x HTTP/1.1\r\nContent-Length: {}\r\n\r\n{trap}", trap.len());
        let patch =
            format!("PATCH /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{trap}\r\n0\r\n\r\n", trap.len());
        assert_eq!(scan(&format!("{put}{patch}{put}")), Finding::Clean);
    }

    #[test]
    fn two_ways_to_say_the_length_are_ambiguous() {
        for headers in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3\r\nContent-Length: 4\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: identity\r\n",
        ] {
            let text =
                format!("GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /x HTTP/1.1\r\n{headers}Host: a\r\n\r\n0\r\n\r\n");
            assert_eq!(scan(&text), Finding::Ambiguous(2), "{headers:?}");
        }
    }

    #[test]
    fn a_bare_line_feed_is_ambiguous_wherever_it_stands() {
        for text in [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            &format!("GET / HTTP/1.1\r\nHost: {}\n\r\n", "a".repeat(2 * KEPT)),
        ] {
            assert_eq!(scan(text), Finding::Ambiguous(1), "{text:?}");
        }
        assert_eq!(scan(&format!("GET / HTTP/1.1\r\nCookie: {}\r\n\r\n", "a".repeat(2 * KEPT))), Finding::Clean);
    }

    #[test]
    fn after_a_doubtful_end_of_a_body_the_next_request_is_ambiguous() {
        let zeros = "0".repeat(2 * KEPT);
        for body in [
            "0\r\n\n",
            "0\n\r\n",
            "0\r\nX: y\n\n",
            "0\r\nX: y\n\r\n",
            "1;x\na\r\n0\r\n\r\n",
            &format!("{zeros}5\r\nhello\r\n0\r\n\r\n"),
            &format!("1{}\r\na\r\n0\r\n\r\n", " ".repeat(2 * KEPT)),
        ] {
            let text = format!("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}GET / HTTP/1.1\r\n\r\n");
            assert_eq!(scan(&text), Finding::Ambiguous(2), "{body:?}");
        }
        let padded = format!("POST /x HTTP/1.1\r\nContent-Length: {zeros}5\r\n\r\nhello");
        assert_eq!(scan(&padded), Finding::Ambiguous(1));
    }

    #[test]
    fn http2_is_left_alone() {
        assert_eq!(scan("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\n\n\n"), Finding::Http2);
    }
}
