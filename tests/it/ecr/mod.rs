//! ECR's API by its unmodified clients, beside what clients of the registry protocol see of the same data. Scripts run
//! boto3, whose errors are typed; the CLI is used where its own ways matter.

mod account_settings;
mod batch_check_layer_availability;
mod batch_delete_image;
mod batch_get_image;
mod cache_rules;
mod create_repository;
mod creation_templates;
mod delete_repository;
mod describe_images;
mod describe_repositories;
mod encryption;
mod get_download_url_for_layer;
mod lifecycle_policies;
mod lifecycle_previews;
mod limits;
mod list_image_referrers;
mod list_images;
mod paging;
mod permissions;
mod pull_time_exclusions;
mod pull_times;
mod put_image;
mod put_image_scanning_configuration;
mod put_image_tag_mutability;
mod registries;
mod registry_policy;
mod replication;
mod scanning;
mod set_repository_policy;
mod signing;
mod storage_class;
mod tag_resource;
mod terraform;
mod upload_layer_part;

use serde_json::{Value, json};
use tests::harness::aws::Aws;
use tests::harness::{Image, Wharf};

/// The account of the servers under test.
const ACCOUNT: &str = "000000000000";

/// Runs a script of boto3 in which `ecr` is a client, `data` is what is given, and `message(code, call, …)` is the text of
/// a refusal.
#[track_caller]
fn run(aws: &Aws, data: &Value, script: &str) -> Value {
    let data = serde_json::to_string(&data.to_string()).expect("text is JSON");
    aws.boto3(&format!("data = json.loads({data})\n{HEAD}\n{script}"))
}

const HEAD: &str = r#"
import base64, hashlib, time, urllib.request, urllib.error
ecr = client("ecr")

def message(code, call, **arguments):
    return refused(code, call, **arguments)["Error"]["Message"]

def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()

def expect(actual, wanted):
    assert actual == wanted, f"{actual!r} is not {wanted!r}"
"#;

/// What a script needs to know of an image.
fn image(image: &Image) -> Value {
    let manifest = std::str::from_utf8(&image.manifest).expect("manifests are text");
    let size: usize = image.blobs.iter().map(|(_, bytes)| bytes.len()).sum();
    let blobs: Vec<&str> = image.blobs.iter().map(|(digest, _)| digest.as_str()).collect();
    json!({ "digest": image.digest, "mediaType": image.media_type, "manifest": manifest, "size": size, "blobs": blobs })
}

/// As ECR says that a repository is not there.
fn not_found(name: &str) -> String {
    format!("The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'")
}

/// A document of an identity policy.
fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// An identity policy that allows actions everywhere.
fn allowing(actions: &[&str]) -> Value {
    policy(&[json!({ "Effect": "Allow", "Action": actions, "Resource": "*" })])
}

/// How many rows a table has, which shows only in the database: what is deleted is not seen through the API.
fn count(wharf: &Wharf, table: &str) -> u64 {
    let query = format!("select count(*) from {table}");
    let text = if wharf.backend().postgres() {
        wharf.backing().database().query(&query)
    } else {
        let file = wharf.data_directory().join("wharf.db");
        let script = format!("import sqlite3\nprint(sqlite3.connect({file:?}).execute({query:?}).fetchone()[0])");
        wharf.aws().python(&script).stdout
    };
    text.trim().parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}
