//! Where what containers write goes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use acs::{Container, DockerConfig};
use serde_json::{Value, json};

use crate::bench::{Bench, logged, shell, stream};
use crate::control::eventually;

/// The first event that somebody posts to this HTTP Event Collector, with its head. Before it the driver asks whether there is one.
fn splunk_event(collector: &TcpListener) -> String {
    loop {
        let (mut connection, _) = collector.accept().unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (mut request, mut piece) = (String::new(), [0; 4096]);
        // One connection may bring both.
        while let Ok(length @ 1..) = connection.read(&mut piece) {
            request.push_str(&String::from_utf8_lossy(&piece[..length]));
            if request.starts_with("POST ") && request.contains("a line of") {
                return request;
            }
            if request.starts_with("OPTIONS ") && request.ends_with("\r\n\r\n") {
                request.clear();
                connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_container_writes_goes_where_its_log_driver_sends_it() {
    let mut bench = Bench::new().await;
    let (syslog, gelf) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let [fluentd, splunk] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let at = |scheme: &str, address: SocketAddr| format!("{scheme}://{address}");
    let writes = |name: &str, kind: &str, options: Value| {
        let host = json!({"LogConfig": {"Type": kind, "Config": options}}).to_string();
        let docker_config = DockerConfig { version: "1.21".to_owned(), config: None, host_config: Some(host) };
        Container { docker_config: Some(docker_config), ..shell(name, "echo a line of $0; sleep 1000") }
    };
    let wanted = bench.task(vec![
        writes("one", "syslog", json!({
            "syslog-address": at("udp", syslog.local_addr().unwrap()), "syslog-format": "rfc5424", "tag": "wharf-one",
        })),
        writes("two", "gelf", json!({
            "gelf-address": at("udp", gelf.local_addr().unwrap()), "gelf-compression-type": "none", "tag": "wharf-two",
        })),
        writes("three", "fluentd", json!({
            "fluentd-address": at("tcp", fluentd.local_addr().unwrap()), "tag": "wharf-three",
        })),
        writes("four", "json-file", json!({ "max-size": "1m" })),
        writes("five", "splunk", json!({
            "splunk-url": at("http", splunk.local_addr().unwrap()), "splunk-token": "wharf-token", "tag": "wharf-five",
        })),
    ]);
    let collected = std::thread::spawn(move || splunk_event(&splunk));
    bench.run(&wanted).await;
    let register = &bench.fake.calls("RegisterContainerInstance")[0];
    for driver in ["fluentd", "gelf", "journald", "splunk", "syslog"] {
        let name = format!("com.amazonaws.ecs.capability.logging-driver.{driver}");
        let known = register["attributes"].as_array().unwrap().iter().any(|attribute| attribute["name"] == name);
        assert!(known, "{driver}: {register}");
    }
    let mut got = Vec::new();
    for (socket, tag) in [(&syslog, "wharf-one"), (&gelf, "wharf-two")] {
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut packet = vec![0; 4096];
        let (length, _) = socket.recv_from(&mut packet).unwrap();
        got.push((tag, String::from_utf8_lossy(&packet[..length]).into_owned()));
    }
    let (mut connection, _) = fluentd.accept().unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut packet = vec![0; 4096];
    let length = connection.read(&mut packet).unwrap();
    got.push(("wharf-three", String::from_utf8_lossy(&packet[..length]).into_owned()));
    let event = collected.join().unwrap();
    assert!(event.contains("Splunk wharf-token"), "{event}");
    got.push(("wharf-five", event));
    for (tag, text) in got {
        assert!(text.contains(tag) && text.contains("a line of"), "{tag}: {text}");
    }
    bench.fake.reaches(&bench.arn(), "RUNNING").await;
    bench.stop(&wanted).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_container_writes_arrives_once_though_the_agent_is_killed() {
    let mut bench = Bench::new().await;
    bench.agent.take().unwrap().end().await;
    let mut process = bench.process().await;
    let script = "for i in $(seq 1 400); do echo line $i; echo error $i >&2; sleep 0.02; done";
    let wanted = bench.task(vec![logged(shell("app", script))]);
    bench.run(&wanted).await;
    let name = stream(&bench, "app");
    for round in 1..8 {
        eventually("it writes", || bench.fake.log(&name).len() > round * 40).await;
        // Not always at the same place of a batch.
        tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 67)).await;
        drop(process);
        process = bench.process().await;
    }
    let change = bench.fake.reaches(&bench.arn(), "STOPPED").await;
    assert_eq!(change.containers[0].exit_code, Some(0));
    eventually("all of it arrives", || bench.fake.log(&name).len() >= 800).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut got = bench.fake.log(&name);
    let mut lines: Vec<String> = got.iter().filter(|line| line.starts_with("line")).cloned().collect();
    let sent: Vec<String> = (1..=400).map(|number| format!("line {number}")).collect();
    assert_eq!(lines.len(), 400);
    lines.sort_by_key(|line| line[5..].parse::<u32>().unwrap());
    assert_eq!(lines, sent);
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 800);
    drop(process);
    bench.end().await;
}

/// As what draws a progress bar, which begins the same line again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_does_not_end_holds_up_no_other() {
    let mut bench = Bench::new().await;
    let script = "x=0123456789abcdef; for i in $(seq 1 11); do x=$x$x; done; printf %s $x >&2; sleep 1; \
                  for i in $(seq 1 5); do echo line $i; done; sleep 10; printf %s $x >&2; echo last; sleep 1000";
    let wanted = bench.task(vec![logged(shell("app", script))]);
    bench.run(&wanted).await;
    let name = stream(&bench, "app");
    let has = |line: &str| bench.fake.log(&name).iter().any(|one| one == line);
    eventually("the others arrive", || has("line 5")).await;
    assert!(!has("last"), "before anything else is written");
    eventually("and the next", || has("last")).await;
    let long = |log: &[String]| log.iter().filter(|line| line.starts_with("0123")).map(String::len).sum::<usize>();
    eventually("all of the long line arrives", || long(&bench.fake.log(&name)) >= 2 * 32_768).await;
    bench.stop(&wanted).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let log = bench.fake.log(&name);
    assert_eq!((long(&log), log.len()), (2 * 32_768, 8));
    bench.end().await;
}

/// To Docker every part of a line was written when the first one was, however much later it comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_does_not_end_arrives_once_though_the_agent_is_killed() {
    let mut bench = Bench::new().await;
    bench.agent.take().unwrap().end().await;
    let mut process = bench.process().await;
    let script = "x=0123456789abcdef; for i in $(seq 1 10); do x=$x$x; done; i=0; while [ $i -lt 400 ]; do i=$((i+1)); \
                  echo line $i; if [ $((i % 60)) = 1 ]; then printf %s [$i]$x >&2; fi; sleep 0.05; done";
    let wanted = bench.task(vec![logged(shell("app", script))]);
    bench.run(&wanted).await;
    let name = stream(&bench, "app");
    for round in 0..8_u64 {
        tokio::time::sleep(Duration::from_millis(900 + round * 373 % 3100)).await;
        drop(process);
        process = bench.process().await;
    }
    bench.fake.reaches(&bench.arn(), "STOPPED").await;
    let part = "0123456789abcdef".repeat(1024);
    let open: String = (1..=400).step_by(60).map(|number| format!("[{number}]{part}")).collect();
    let sent: Vec<String> = (1..=400).map(|number| format!("line {number}")).collect();
    let got = || bench.fake.log(&name).into_iter().partition::<Vec<String>, _>(|line| line.starts_with("line"));
    eventually("all of it arrives", || got().0.len() >= 400 && got().1.concat().len() >= open.len()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (lines, parts) = got();
    assert_eq!(lines, sent);
    assert!(parts.concat() == open, "{:?}", parts.iter().map(String::len).collect::<Vec<_>>());
    drop(process);
    bench.end().await;
}
