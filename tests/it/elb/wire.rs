//! What is sent byte by byte, on either side of a load balancer: framing, connections that end, and who is waited for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::harness::target::Target;
use tests::harness::{Backend, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::balanced::{Balanced, client};

const SETUP: &str = r#"
arn, blue = balancer(), quick_group()
elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": IDLE}])
listener(arn, PORT, forward(blue))
register(blue, BLUE)
until_healthy(blue, BLUE)
until_open(arn)
"#;

/// Whether a connection goes on.
type Goes<'s> = Pin<Box<dyn Future<Output = bool> + Send + 's>>;

/// A target that does with a request what it is told: with the connection, the head, and which request on the connection it
/// is. Health checks it passes. Its port.
async fn target(answer: impl for<'s> Fn(&'s mut TcpStream, String, u32) -> Goes<'s> + Send + Sync + 'static) -> u16 {
    let answer = Arc::new(answer);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                for number in 1.. {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = stream.read_u8().await else { return };
                        head.push(byte);
                    }
                    let head = String::from_utf8(head).expect("a head is text");
                    if head.starts_with("GET /health ") {
                        let _ = stream
                            .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                            .await;
                        return;
                    }
                    if !answer(&mut stream, head, number).await {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// How long the answer to a request with `Connection: close` may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The idle time-out of tests that wait until it is over: a machine that stands still for less is not taken for it.
const IDLE: Duration = Duration::from_secs(5);

/// A load balancer before one target, with the idle time-out that is the default.
async fn balanced(port: u16) -> Balanced {
    balanced_with(port, Duration::from_secs(60)).await
}

async fn balanced_with(port: u16, idle: Duration) -> Balanced {
    let setup = format!("BLUE, IDLE = {port}, '{}'\n{SETUP}", idle.as_secs());
    Balanced::start(Backend::SqliteDisk, &[], &setup).await
}

/// What the target was told, from an answer that was read as bytes.
fn told(answer: &raw::Exchange) -> Value {
    serde_json::from_slice(&answer.body()).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_reaches_the_target_whatever_the_method() {
    let blue = Target::start("blue").await;
    let balanced = balanced(blue.port()).await;
    for method in ["GET", "HEAD", "OPTIONS", "DELETE", "POST"] {
        for (field, body) in
            [("Transfer-Encoding: chunked", "5\r\nhello\r\n2\r\n, \r\n0\r\n\r\n"), ("Content-Length: 7", "hello, ")]
        {
            let before = blue.seen().len();
            let mut request = raw::request(method, "/x", &balanced.address, &[field]);
            request.extend_from_slice(body.as_bytes());
            let answer = raw::exchange(balanced.address, &request, PATIENCE).await;
            assert_eq!(answer.status(), Some(200), "{method} {field}: {}", answer.text());
            if method != "HEAD" {
                assert_eq!(told(&answer)["body"], 7, "{method} {field}");
            }
            assert_eq!(blue.seen().len() - before, 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_old_need_not_name_a_host() {
    let blue = Target::start("blue").await;
    let balanced = balanced(blue.port()).await;
    let answer = raw::exchange(balanced.address, b"GET /x HTTP/1.0\r\n\r\n", PATIENCE).await;
    assert_eq!(answer.status(), Some(200), "{}", answer.text());
    let told = told(&answer);
    assert_eq!((&told["version"], &told["headers"]["host"]), (&"HTTP/1.1".into(), &blue.address().to_string().into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_says_its_length_twice_arrives_whole() {
    let port = target(|stream, _, _| {
        Box::pin(async move {
            let answer =
                b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
            stream.write_all(answer).await.is_ok()
        })
    })
    .await;
    let balanced = balanced(port).await;
    for _ in 0..2 {
        let answer = client().get(balanced.url("/")).send().await.unwrap();
        assert_eq!(answer.headers().get("content-length"), None);
        assert_eq!(answer.text().await.unwrap(), "hello");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_have_many_fields() {
    let port = target(|stream, head, _| {
        Box::pin(async move {
            let count = head.matches("x-field-").count().to_string();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{count}", count.len());
            stream.write_all(answer.as_bytes()).await.is_ok()
        })
    })
    .await;
    let balanced = balanced(port).await;
    for (count, status, body) in [(400, 200, Some("400")), (600, 431, None)] {
        let fields: Vec<String> = (0..count).map(|number| format!("X-Field-{number}: v")).collect();
        let mut fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        fields.push("Connection: close");
        let request = raw::request("GET", "/", &balanced.address, &fields);
        let answer = raw::exchange(balanced.address, &request, PATIENCE).await;
        assert_eq!(answer.status(), Some(status), "{}", answer.text());
        assert!(body.is_none_or(|body| answer.body() == body.as_bytes()), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_have_many_fields() {
    let port = target(|stream, _, _| {
        Box::pin(async move {
            let fields: String = (0..400).map(|number| format!("Set-Cookie: c{number}=v\r\n")).collect();
            let answer = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 5\r\n\r\nhello");
            stream.write_all(answer.as_bytes()).await.is_ok()
        })
    })
    .await;
    let balanced = balanced(port).await;
    let request = raw::request("GET", "/", &balanced.address, &["Connection: close"]);
    let answer = raw::exchange(balanced.address, &request, PATIENCE).await;
    assert_eq!(answer.status(), Some(200), "{}", answer.text());
    assert_eq!(answer.text().matches("set-cookie: ").count(), 400);
    assert_eq!(answer.body(), b"hello");
}

/// RFC 9112, section 7: only the chunks are undone on the way, and the client would not know of the rest.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_another_transfer_coding_is_not_handed_on() {
    let port = target(|stream, head, _| {
        Box::pin(async move {
            let coding = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').replace('_', ", ");
            let coding = coding.replace("+", "\r\nTransfer-Encoding: ");
            let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.is_ok()
        })
    })
    .await;
    let balanced = balanced(port).await;
    for coding in ["gzip_chunked", "gzip+chunked", "chunked_chunked", "chunked+chunked", "gzip", "chunked_gzip", "x"] {
        let answer = client().get(balanced.url(&format!("/{coding}"))).send().await.unwrap();
        assert_eq!(answer.status(), 502, "{coding}");
    }
    for coding in ["chunked", "Chunked"] {
        let answer = client().get(balanced.url(&format!("/{coding}"))).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &*answer.text().await.unwrap()), (200, "hello"), "{coding}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_a_target_has_just_given_up_fails_no_request_that_can_be_repeated() {
    let posted = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&posted);
    // As if its time for idle connections were over at the moment when the second request comes.
    let port = target(move |stream, head, number| {
        counted.fetch_add(u32::from(head.starts_with("POST ")), Relaxed);
        Box::pin(async move {
            if number > 1 {
                return false;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_ok()
        })
    })
    .await;
    let balanced = balanced(port).await;
    let client = client();
    for round in 0..6 {
        let answer = client.get(balanced.url("/")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{round}");
        // So that the connection is kept before the next one begins.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Whatever became of this one, it is not done twice. One that comes before the connection is kept, or long after, gets
    // one of its own and is answered.
    for round in 1.. {
        let answer = client.post(balanced.url("/")).send().await.unwrap();
        assert_eq!(posted.load(Relaxed), round);
        if answer.status() == 502 {
            break;
        }
        assert!(answer.status() == 200 && round < 10, "{round}: {}", answer.status());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_whom_waiting_is_told() {
    let port = target(|stream, head, _| {
        Box::pin(async move {
            let mut body = [0; 5];
            if head.starts_with("POST /reads") && stream.read_exact(&mut body).await.is_err() {
                return false;
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
            false
        })
    })
    .await;
    let balanced = balanced_with(port, IDLE).await;
    let ask = async |path: &str, body: &str| {
        let mut request = raw::request("POST", path, &balanced.address, &["Content-Length: 5"]);
        request.extend_from_slice(body.as_bytes());
        raw::exchange(balanced.address, &request, PATIENCE).await.status()
    };
    let (client, target) = tokio::join!(ask("/reads", "hel"), ask("/reads", "hello"));
    assert_eq!(client, Some(408), "the client is waited for");
    assert_eq!(target, Some(504), "the target is waited for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_takes_no_connection_is_slow_and_one_that_refuses_them_is_not() {
    // The listener comes last: who finds it open finds its target there.
    let setup = |port: u16| {
        format!(
            "BLUE = {port}\narn, blue = balancer(), quick_group()\nregister(blue, BLUE)\nlistener(arn, PORT, forward(blue))\n\
             until_open(arn)"
        )
    };
    // Nobody accepts, and once its queue is full the kernel does not either.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        queue.push(stream.unwrap());
    }
    for (port, expected) in [(address.port(), 504), (tests::harness::port::free(), 502)] {
        let balanced = Balanced::start(Backend::SqliteDisk, &[], &setup(port)).await;
        let answer = client().get(balanced.url("/")).send().await.unwrap();
        assert_eq!(answer.status(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_end_ends_with_the_deregistration_delay() {
    let port = target(|stream, _, _| {
        Box::pin(async move {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let mut goes = stream.write_all(head).await.is_ok();
            while goes {
                tokio::time::sleep(Duration::from_millis(200)).await;
                goes = stream.write_all(b"1\r\nx\r\n").await.is_ok();
            }
            goes
        })
    })
    .await;
    let balanced = balanced(port).await;
    let answer = client().get(balanced.url("/")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let whole = tokio::spawn(answer.text());
    let begun = Instant::now();
    let script = format!(
        r#"
[group] = [one["TargetGroupArn"] for one in elb.describe_target_groups()["TargetGroups"]]
delay = dict(Key="deregistration_delay.timeout_seconds", Value="2")
elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
deregister(group, {port})
"#
    );
    balanced.run(&[], &script).await;
    let ended = tokio::time::timeout(Duration::from_secs(60), whole).await.expect("it ends").unwrap();
    assert!(ended.is_err(), "the client sees that it is not whole");
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_wait_for_the_end_of_the_body() {
    let port = target(|stream, _, _| {
        Box::pin(async move {
            // It begins to answer before it has read, and ends when it has.
            let begun = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n";
            let mut body = vec![0; 10];
            if stream.write_all(begun).await.is_err() || stream.read_exact(&mut body).await.is_err() {
                return false;
            }
            stream.write_all(b"4\r\ndone\r\n0\r\n\r\n").await.is_ok()
        })
    })
    .await;
    let balanced = balanced_with(port, IDLE).await;
    let head = raw::request("POST", "/", &balanced.address, &["Content-Length: 10"]);
    // One that says nothing and gets nothing is given up.
    let mut silent = TcpStream::connect(balanced.address).await.unwrap();
    silent.write_all(&head).await.unwrap();
    let mut stream = TcpStream::connect(balanced.address).await.unwrap();
    stream.write_all(&head).await.unwrap();
    let begun = Instant::now();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(600)).await;
        stream.write_all(b"x").await.expect("it is still there");
    }
    let answer = raw::read(&mut stream, PATIENCE).await;
    assert!(begun.elapsed() > IDLE, "longer than the idle time-out");
    assert!(answer.text().contains("begun") && answer.text().contains("done"), "{}", answer.text());
    let answer = raw::read(&mut silent, PATIENCE).await;
    assert!(answer.closed && !answer.text().contains("done"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_body_that_nobody_reads_arrives() {
    // It closes with the body unread, so the connection is reset right behind the answer.
    let port = target(|stream, _, _| {
        Box::pin(async move {
            let answer = b"HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge";
            let _ = stream.write_all(answer).await;
            false
        })
    })
    .await;
    let balanced = balanced(port).await;
    let client = client();
    for _ in 0..10 {
        let answer = client.post(balanced.url("/")).body(vec![b'x'; 4 << 20]).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (413, "large"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_nothing_has_a_length_at_the_target() {
    let blue = Target::start("blue").await;
    let balanced = balanced(blue.port()).await;
    let two = super::balanced::builder().http2_prior_knowledge().build().expect("a client");
    for method in [reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::PATCH] {
        let answer = two.request(method.clone(), balanced.url("/x")).send().await.expect("an answer");
        let told = super::balanced::told(answer).await;
        assert_eq!(told["headers"]["content-length"], "0", "{method} {told}");
        let request = raw::request(method.as_str(), "/x", &balanced.address, &[]);
        let answer = raw::exchange(balanced.address, &request, PATIENCE).await;
        assert_eq!(self::told(&answer)["headers"]["content-length"], "0", "{method}");
    }
    // Nothing is said of a body where none is expected.
    let answer = two.get(balanced.url("/x")).send().await.expect("an answer");
    assert!(super::balanced::told(answer).await["headers"].get("content-length").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_target_repeats_what_it_was_asked() {
    let blue = Target::start("blue").await;
    let balanced = balanced(blue.port()).await;
    let before = blue.seen().len();
    let request = raw::request("TRACE", "/x", &balanced.address, &[]);
    let answer = raw::exchange(balanced.address, &request, PATIENCE).await;
    assert_eq!(answer.status(), Some(405), "{}", answer.text());
    assert_eq!(blue.seen().len(), before);
}
