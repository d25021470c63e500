//! Requests that no HTTP library would send: bytes go to a socket as they are, and what comes back is read until the server
//! closes or stays silent.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came back on a connection.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Every byte received.
    pub bytes: Vec<u8>,
    /// Whether the server closed the connection before the patience of the client ended.
    pub closed: bool,
}

impl Exchange {
    /// Everything received, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The status of the first response; `None` when there is none.
    pub fn status(&self) -> Option<u16> {
        let text = self.text();
        let line = text.lines().next()?;
        line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "))?.get(..3)?.parse().ok()
    }

    /// The statuses of all responses. A body need not end its line, so status lines are looked for everywhere.
    pub fn statuses(&self) -> Vec<u16> {
        let text = self.text().replace("HTTP/1.0 ", "HTTP/1.1 ");
        text.split("HTTP/1.1 ").skip(1).filter_map(|rest| rest.get(..3)?.parse().ok()).collect()
    }

    /// The headers of the first response, lower case.
    pub fn head(&self) -> String {
        self.text().split("\r\n\r\n").next().unwrap_or_default().to_lowercase()
    }

    /// What follows the headers of the first response.
    pub fn body(&self) -> Vec<u8> {
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        end.map(|at| self.bytes[at..].to_vec()).unwrap_or_default()
    }

    /// Whether the first response is there with as much of a body as it announces.
    fn is_whole(&self) -> bool {
        let head = self.head();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        self.bytes.windows(4).any(|four| four == b"\r\n\r\n") && self.body().len() >= length
    }
}

/// Sends `request` and reads until the server closes or nothing comes for `silence`.
pub async fn exchange(address: SocketAddr, request: &[u8], silence: Duration) -> Exchange {
    let mut stream = TcpStream::connect(address).await.expect("the server accepts connections");
    // A server may answer and close before it has read all: the error then is in writing, and the answer still counts.
    let _ = stream.write_all(request).await;
    read(&mut stream, silence).await
}

/// Reads until the server closes or nothing comes for `silence`.
pub async fn read(stream: &mut TcpStream, silence: Duration) -> Exchange {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match tokio::time::timeout(silence, stream.read(&mut piece)).await {
            Ok(Ok(0) | Err(_)) => return Exchange { bytes, closed: true },
            Ok(Ok(count)) => bytes.extend_from_slice(&piece[..count]),
            Err(_) => return Exchange { bytes, closed: false },
        }
    }
}

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads one whole answer, however long it takes, and what comes after it until the server closes or nothing comes for
/// `silence`. Where the answer says that the connection ends, its end is waited for.
pub async fn read_answer(stream: &mut TcpStream, silence: Duration) -> Exchange {
    let mut exchange = Exchange { bytes: Vec::new(), closed: false };
    let mut piece = vec![0; 64 * 1024];
    loop {
        let ends = exchange.head().contains("connection: close");
        let patience = if exchange.is_whole() && !ends { silence } else { PATIENCE };
        match tokio::time::timeout(patience, stream.read(&mut piece)).await {
            Ok(Ok(0) | Err(_)) => {
                exchange.closed = true;
                return exchange;
            }
            Ok(Ok(count)) => exchange.bytes.extend_from_slice(&piece[..count]),
            Err(_) => return exchange,
        }
    }
}

/// A request head with `Connection: close` and these further header lines, root's credentials not included.
pub fn request(method: &str, target: &str, host: &SocketAddr, headers: &[&str]) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// The header line of Basic credentials.
pub fn basic(user: &str, password: &str) -> String {
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{user}:{password}"));
    format!("Authorization: Basic {encoded}")
}
