//! IAM through the unmodified AWS CLI and boto3: what each operation does, how it fails, and what it takes.

mod access_keys;
mod account;
mod attachments;
mod boundaries;
mod changes;
mod groups;
mod inline_policies;
mod managed_policies;
mod open_id_connect_providers;
mod paging;
mod permissions;
mod principals;
mod roles;
mod self_service;
mod simulation;
mod tags;
mod users;

use serde_json::Value;

/// A text of an answer.
#[track_caller]
fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no text at {pointer}: {answer}"))
}
