//! A server with a load balancer that is open, and clients that ask it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tests::harness::target::Target;
use tests::harness::{Backend, Wharf, port};

use super::script;

/// Sets one up that gives everything to one group with the target `BLUE`.
pub(super) const ONE_GROUP: &str = r#"
arn, blue = balancer(), quick_group()
listener(arn, PORT, forward(blue))
register(blue, BLUE)
until_healthy(blue, BLUE)
until_open(arn)
"#;

/// A load balancer with one listener.
pub(super) struct Balanced {
    pub(super) wharf: Wharf,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Balanced {
    /// Runs a script that sets it up: `PORT` is the port to listen on, and each of the targets is a variable that holds
    /// its port.
    pub(super) async fn start(backend: Backend, targets: &[(&str, &Target)], setup: &str) -> Self {
        let wharf = Wharf::with(backend).set("WHARF_OUTBOUND_LOOPBACK", "true").start().await;
        let address = SocketAddr::from(([127, 0, 0, 1], port::free()));
        let balanced = Self { wharf, address };
        balanced.run(targets, setup).await;
        balanced
    }

    /// Runs one more script with the same variables.
    pub(super) async fn run(&self, targets: &[(&str, &Target)], text: &str) -> Value {
        let mut variables = format!("PORT = {}\n", self.address.port());
        for (name, target) in targets {
            variables.push_str(&format!("{name} = {}\n", target.port()));
        }
        let (aws, text) = (self.wharf.aws(), format!("{variables}\n{}", script(text)));
        // The targets of the test answer on these threads too.
        tokio::task::spawn_blocking(move || aws.boto3(&text)).await.expect("the script ends")
    }

    /// The address of something that it serves.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// A client that follows nothing.
pub(super) fn client() -> reqwest::Client {
    builder().build().expect("a client")
}

/// How it is made.
pub(super) fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(30)).no_proxy()
}

/// What the target that answered was told.
pub(super) async fn told(answer: reqwest::Response) -> Value {
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {error}: {text}"))
}

/// The name of the target that answers.
pub(super) async fn target_of(client: &reqwest::Client, url: &str) -> String {
    let answer = client.get(url).send().await.expect("an answer");
    told(answer).await["target"].as_str().expect("a name").to_owned()
}
