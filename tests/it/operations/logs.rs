//! The log: one line a request that can be found by the id in the answer.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Auth, Backend, Client, Wharf, binary, port, raw};

/// The line with this id, which is written when the answer has gone and may come after it.
async fn line_of(wharf: &Wharf, id: &str) -> String {
    let begin = Instant::now();
    loop {
        let output = wharf.output();
        // Its end is written with it, and what is read may stop in the middle.
        if let Some(line) = output.split_inclusive('\n').find(|line| line.contains(id) && line.ends_with('\n')) {
            return line.trim_end().to_owned();
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{id} is not in {output}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_request_id_of_an_answer_finds_its_line() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_LOG_LEVEL", "info").start().await;
    // Reads are many and logged at debug; what changes something is logged at info.
    let answer = wharf.client().post("/v2/some/where/blobs/uploads/").send().await.expect(202);
    let id = answer.header("x-request-id").to_owned();
    let line = line_of(&wharf, &id).await;
    for part in ["202", "POST"] {
        assert!(line.contains(part), "{line} must tell {part}");
    }
}

#[tokio::test]
async fn json_lines_are_json() {
    let wharf =
        Wharf::with(Backend::SqliteDisk).set("WHARF_LOG_FORMAT", "json").set("WHARF_LOG_LEVEL", "debug").start().await;
    let answer = wharf.client().get("/v2/").send().await.expect(200);
    let id = answer.header("x-request-id").to_owned();
    let line = line_of(&wharf, &id).await;
    let document: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
    assert!(document.is_object());
}

#[tokio::test]
async fn what_a_client_sends_cannot_forge_a_line() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.client().get("/v2/a%0aFORGED%20LINE/tags/list").send().await;
    let request = raw::request("GET", "/v2/", &wharf.address(), &["User-Agent: x\tFORGED\u{1b}[31m"]);
    raw::exchange(wharf.address(), &request, Duration::from_secs(2)).await;
    wharf.client().get("/v2/").header("x-request-id", "FORGED-id").send().await.expect(200);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let output = wharf.output();
    assert!(!output.lines().any(|line| line.starts_with("FORGED")), "{output}");
    assert!(!output.contains('\u{1b}'), "control characters reach the log");
    assert!(!output.contains("FORGED-id"), "a client cannot choose the request id");
}

#[tokio::test]
async fn a_log_that_nobody_reads_keeps_nobody_waiting() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let address = format!("127.0.0.1:{}", port::free());
    let mut server = Command::new(binary::path())
        .env_clear()
        .env("WHARF_LISTEN", &address)
        .env("WHARF_DATA_DIR", home.path())
        .env("WHARF_AGENT", "off")
        .env("WHARF_ROOT_ACCESS_KEY_ID", ROOT_ACCESS_KEY_ID)
        .env("WHARF_ROOT_SECRET_ACCESS_KEY", ROOT_SECRET_ACCESS_KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wharf runs");
    let client = Client::new(&format!("http://{address}"), Auth::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY));
    let pushes = async {
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // Each has a line, and a pipe holds some 400 of them.
        for _ in 0..1000 {
            client.post("/v2/app/blobs/uploads/").send().await.expect(202);
        }
        client.get("/healthz").send().await.expect(200);
    };
    let served = tokio::time::timeout(Duration::from_secs(60), pushes).await;
    let log = server.stderr.take().expect("standard error is piped");
    // Whoever reads again finds all of them.
    let finished = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&finished);
    let reading = std::thread::spawn(move || {
        for line in BufReader::new(log).lines() {
            seen.fetch_add(line.expect("the log is text").matches("request finished").count(), Ordering::SeqCst);
        }
    });
    // What was still waiting to be written when the server is ended would be missing.
    let begin = Instant::now();
    while finished.load(Ordering::SeqCst) < 1000 && begin.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.kill().expect("it can be ended");
    server.wait().expect("it ends");
    reading.join().expect("the reader does not panic");
    assert!(served.is_ok(), "requests wait for the log");
    assert_eq!(finished.load(Ordering::SeqCst), 1000);
}
