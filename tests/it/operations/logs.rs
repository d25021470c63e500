//! The log: one line a request that can be found by the id in the answer.

use tests::harness::{Backend, Wharf, raw};

#[tokio::test]
async fn the_request_id_of_an_answer_finds_its_line() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_LOG_LEVEL", "info").start().await;
    // Reads are many and logged at debug; what changes something is logged at info.
    let answer = wharf.client().post("/v2/some/where/blobs/uploads/").send().await.expect(202);
    let id = answer.header("x-request-id").to_owned();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let output = wharf.output();
    let line = output.lines().find(|line| line.contains(&id)).unwrap_or_else(|| panic!("{id} is not in {output}"));
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
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let output = wharf.output();
    let line = output.lines().find(|line| line.contains(&id)).unwrap_or_else(|| panic!("{id} is not in {output}"));
    let document: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    assert!(document.is_object());
}

#[tokio::test]
async fn what_a_client_sends_cannot_forge_a_line() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.client().get("/v2/a%0aFORGED%20LINE/tags/list").send().await;
    let request = raw::request("GET", "/v2/", &wharf.address(), &["User-Agent: x\tFORGED\u{1b}[31m"]);
    raw::exchange(wharf.address(), &request, std::time::Duration::from_secs(2)).await;
    wharf.client().get("/v2/").header("x-request-id", "FORGED-id").send().await.expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let output = wharf.output();
    assert!(!output.lines().any(|line| line.starts_with("FORGED")), "{output}");
    assert!(!output.contains('\u{1b}'), "control characters reach the log");
    assert!(!output.contains("FORGED-id"), "a client cannot choose the request id");
}
