//! Replication: between the registries of an installation, and to registries elsewhere.

mod backfill;
mod copy;
mod events;
mod faults;
mod loops;
mod pushed;
mod resume;

use tests::harness::aws::Aws;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Backend, Wharf};

use crate::jobs::must;

/// The region by which the registry elsewhere goes; its account is that of root.
pub(crate) const THERE: &str = "eu-west-1";

/// A server that may reach what listens on these hosts of this machine, in plain HTTP.
pub(crate) async fn reaching(backend: Backend, hosts: &[&str]) -> Wharf {
    println!("on {backend:?}");
    let hosts: Vec<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
    Wharf::with(backend).set("WHARF_CACHE_UPSTREAMS", hosts.join(",")).start().await
}

/// Keeps a name and a password in a secret, and gives its ARN.
pub(crate) fn store(wharf: &Wharf, username: &str, password: &str) -> String {
    let text = serde_json::json!({ "username": username, "accessToken": password }).to_string();
    let made = wharf.aws().boto3(&format!(
        r#"
sm, name, text = client("secretsmanager"), "ecr-pullthroughcache/there", '{text}'
try:
    made = sm.create_secret(Name=name, SecretString=text)
except sm.exceptions.ResourceExistsException:
    made = sm.put_secret_value(SecretId=name, SecretString=text)
print(json.dumps(made["ARN"]))
"#
    ));
    made.as_str().expect("an ARN").to_owned()
}

/// Has a server replicate everything below `team/` to another one at a host, as its root.
pub(crate) fn replicate_to_wharf(wharf: &Wharf, host: &str) {
    let secret = store(wharf, ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
    let url = format!("http://{host}");
    must(wharf, &["replication-target", "set", "000000000000", THERE, &url, "--credential-arn", &secret]);
    replicate(&wharf.aws(), THERE, "000000000000", true);
}

/// Has a server replicate everything below `team/` to a registry that lets everybody in, below `mirror/`.
pub(crate) fn replicate_to_anybody(wharf: &Wharf, host: &str) {
    let url = format!("http://{host}");
    must(wharf, &["replication-target", "set", "000000000000", THERE, &url, "--repository-prefix", "mirror"]);
    replicate(&wharf.aws(), THERE, "000000000000", true);
}

/// Sets the replication configuration: to a registry, of repositories whose names begin with `team/`.
pub(crate) fn replicate(aws: &Aws, region: &str, account: &str, deletions: bool) {
    aws.boto3(&format!(
        r#"client("ecr").put_replication_configuration(replicationConfiguration={{"rules": [{{
    "destinations": [{{"region": "{region}", "registryId": "{account}"}}],
    "repositoryFilters": [{{"filter": "team/", "filterType": "PREFIX_MATCH"}}],
    **({{"deleteReplication": {{"enabled": True}}}} if {} else {{}})}}]}})"#,
        if deletions { "True" } else { "False" }
    ));
}

/// The status of an image's replication, and why it failed if it did.
pub(crate) fn status(aws: &Aws, repository: &str, tag: &str) -> Vec<(String, String)> {
    let id = format!("imageTag={tag}");
    let told =
        aws.json(&["ecr", "describe-image-replication-status", "--repository-name", repository, "--image-id", &id]);
    let statuses = told["replicationStatuses"].as_array().expect("a list").clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    statuses.iter().map(|status| (text(&status["status"]), text(&status["failureCode"]))).collect()
}

/// That it has arrived.
pub(crate) fn complete() -> Vec<(String, String)> {
    vec![("COMPLETE".to_owned(), String::new())]
}

/// That it is on its way.
pub(crate) fn in_progress() -> Vec<(String, String)> {
    vec![("IN_PROGRESS".to_owned(), String::new())]
}

/// That it cannot be.
pub(crate) fn failed(code: &str) -> Vec<(String, String)> {
    vec![("FAILED".to_owned(), code.to_owned())]
}
