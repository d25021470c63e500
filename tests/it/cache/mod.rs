//! The pull-through cache: a registry under test in front of another one, which behaves or does not.

mod credentials;
mod faults;
mod permissions;
mod pull;
mod sharing;
mod tags;

use std::time::Duration;

use serde_json::{Value, json};
use tests::harness::sigv4::Unsigned;
use tests::harness::upstream::Asked;
use tests::harness::{Backend, Wharf};

/// A server with a rule: repositories below `cache` stand for those of the registry at `host`.
pub(crate) async fn caching(backend: Backend, host: &str, settings: &[(&str, &str)]) -> Wharf {
    println!("on {backend:?}");
    let mut builder = Wharf::with(backend).set("WHARF_CACHE_UPSTREAMS", format!("http://{host}"));
    for (name, value) in settings {
        builder = builder.set(name, *value);
    }
    let wharf = builder.start().await;
    rule(&wharf, json!({ "ecrRepositoryPrefix": "cache", "upstreamRegistryUrl": host })).await;
    wharf
}

/// Makes a rule.
pub(crate) async fn rule(wharf: &Wharf, rule: Value) {
    call(wharf, "CreatePullThroughCacheRule", rule).await;
}

/// A call of ECR that must succeed.
pub(crate) async fn call(wharf: &Wharf, operation: &str, input: Value) -> Value {
    let call = Unsigned::ecr(operation, &input.to_string());
    call.sign(&wharf.aws()).send(&wharf.url()).await.expect(200).json()
}

/// The events of the audit log about what came from elsewhere, once there are any.
pub(crate) async fn imports(wharf: &Wharf) -> Vec<Value> {
    for _ in 0..100 {
        let printed = wharf.run(&["audit"]).stdout;
        let all = printed.lines().map(|line| serde_json::from_str::<Value>(line).expect("lines of JSON"));
        let events: Vec<Value> = all.filter(|event| event["eventName"] == "BatchImportUpstreamImage").collect();
        if !events.is_empty() {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Vec::new()
}

/// How many requests for manifests (GET alone) and for blobs there are.
pub(crate) fn counted(asked: &[Asked]) -> (usize, usize) {
    let gets = || asked.iter().filter(|asked| asked.method == http::Method::GET);
    (gets().filter(|asked| asked.is_manifest()).count(), gets().filter(|asked| asked.is_blob()).count())
}
