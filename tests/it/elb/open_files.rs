//! Crowds of clients, and what a process may open.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use serde_json::Value;
use tests::harness::admin::within;
use tests::harness::aws::Aws;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::target::Target;
use tests::harness::{Auth, Client, binary, port, raw};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::balanced::ONE_GROUP;
use super::script;

/// A server that may open so many files; killed when dropped.
struct Limited {
    child: Child,
    home: tempfile::TempDir,
    address: SocketAddr,
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Limited {
    /// `limit` as `prlimit` takes it: the soft and the hard one.
    async fn start(limit: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let address = SocketAddr::from(([127, 0, 0, 1], port::free()));
        let output = std::fs::File::create(home.path().join("log")).expect("a file for its output");
        let child = Command::new("prlimit")
            .arg(format!("--nofile={limit}"))
            .arg(binary::path())
            .arg("serve")
            .env_clear()
            .env("WHARF_LISTEN", address.to_string())
            .env("WHARF_DATA_DIR", home.path().join("data"))
            .env("WHARF_AGENT", "off")
            .env("WHARF_OUTBOUND_LOOPBACK", "true")
            .env("WHARF_ROOT_ACCESS_KEY_ID", ROOT_ACCESS_KEY_ID)
            .env("WHARF_ROOT_SECRET_ACCESS_KEY", ROOT_SECRET_ACCESS_KEY)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file handle can be cloned"))
            .stderr(output)
            .spawn()
            .expect("prlimit runs");
        let limited = Self { child, home, address };
        let client = Client::new(&format!("http://{address}"), Auth::None);
        for _ in 0..300 {
            if client.get("/readyz").try_send().await.is_ok_and(|answer| answer.status() == 200) {
                return limited;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it does not begin: {}", limited.output());
    }

    fn output(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    async fn run(&self, text: String) -> Value {
        let aws = Aws {
            endpoint: format!("http://{}", self.address),
            region: "us-east-1".to_owned(),
            access_key_id: ROOT_ACCESS_KEY_ID.to_owned(),
            secret: ROOT_SECRET_ACCESS_KEY.to_owned(),
            session_token: None,
        };
        tokio::task::spawn_blocking(move || aws.boto3(&script(&text))).await.expect("the script ends")
    }

    /// A listener before `target`. Its address.
    async fn balance(&self, target: &Target) -> SocketAddr {
        let listener = port::free();
        self.run(format!("PORT, BLUE = {listener}, {}\n{ONE_GROUP}", target.port())).await;
        SocketAddr::from(([127, 0, 0, 1], listener))
    }
}

/// Clients that ask once and stay connected.
struct Crowd {
    answered: Arc<AtomicUsize>,
    clients: JoinSet<()>,
}

impl Crowd {
    /// So many, of whom so many are answered at least: that is waited for.
    async fn gather(address: SocketAddr, count: usize, at_least: usize) -> Self {
        let mut crowd = Self { answered: Arc::default(), clients: JoinSet::new() };
        for _ in 0..count {
            let mut stream = TcpStream::connect(address).await.expect("the listener is open");
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it is sent");
            let answered = Arc::clone(&crowd.answered);
            crowd.clients.spawn(async move {
                // Who waits for a place is told nothing.
                if raw::read_answer(&mut stream, Duration::ZERO).await.status() == Some(200) {
                    answered.fetch_add(1, Relaxed);
                }
                std::future::pending().await
            });
        }
        within(60, "enough of them are answered", async || crowd.answered() >= at_least).await;
        crowd
    }

    fn answered(&self) -> usize {
        self.answered.load(Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_that_systems_begin_with_is_raised() {
    let blue = Target::start("blue").await;
    let limited = Limited::start("512:10000").await;
    let address = limited.balance(&blue).await;
    let crowd = Crowd::gather(address, 600, 600).await;
    assert_eq!(crowd.answered(), 600, "{}", limited.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_at_a_load_balancer_leaves_files_for_the_registry_and_for_checks() {
    let blue = Target::start("blue").await;
    let limited = Limited::start("512:512").await;
    let address = limited.balance(&blue).await;
    let crowd = Crowd::gather(address, 600, 50).await;
    // One check and more.
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!((50..300).contains(&crowd.answered()), "{}", crowd.answered());
    let health = r#"
web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
print(json.dumps([state for state, _ in health(web).values()]))
"#;
    assert_eq!(limited.run(health.to_owned()).await, serde_json::json!(["healthy"]));
    let output = limited.output();
    assert!(!output.contains("open files (os error"), "{output}");
}
