//! What is handed to the application for its audit log after a call: what was asked, and what came of it.

use serde_json::{Map, Value};

use crate::{Call, Fault, Head, Protocol, Signature};

/// What the audit log keeps of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audit {
    /// Every call. It reads.
    Read,
    /// Every call. It changes something, and is answered when the event is stored.
    Change,
    /// Every call. It changes content, often, and is answered at once.
    Push,
    /// Only calls that were refused. There is one for each layer of each pull and push.
    Data,
}

impl Audit {
    /// What an operation's name says: AWS names those that read by what they do.
    pub const fn of(name: &str) -> Self {
        let readers: [&str; 7] = ["Get", "List", "Describe", "BatchGet", "BatchCheck", "Simulate", "Validate"];
        let mut index = 0;
        while index < readers.len() {
            if begins_with(name.as_bytes(), readers[index].as_bytes()) {
                return Self::Read;
            }
            index += 1;
        }
        Self::Change
    }
}

const fn begins_with(text: &[u8], start: &[u8]) -> bool {
    if text.len() < start.len() {
        return false;
    }
    let mut index = 0;
    while index < start.len() {
        if text[index] != start[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// A call that has ended.
pub struct Record<'r, C: Call> {
    /// The request.
    pub head: &'r Head,
    /// The service, `ecr`.
    pub service: &'static str,
    /// The operation, `PutImage`.
    pub operation: &'static str,
    /// What is to be kept.
    pub audit: Audit,
    /// The call; none if nobody was authenticated.
    pub call: Option<&'r C>,
    /// Whom the request claimed to be from.
    pub signature: Option<&'r Signature>,
    /// The input as JSON, with members in lower camel case; secrets included.
    pub parameters: Value,
    /// The output of what changed something, as JSON, with members in lower camel case; secrets included.
    pub response: Value,
    /// The failure.
    pub fault: Option<&'r Fault>,
    /// How the failure was spelled.
    pub protocol: &'r Protocol,
}

/// What was asked or answered with its members in lower camel case, as CloudTrail has them whatever the service. Where they
/// are so already nothing is touched: the keys of maps, such as labels, are not members.
pub(crate) fn members(value: Value) -> Value {
    let capital = |name: &String| name.starts_with(|first: char| first.is_ascii_uppercase());
    match &value {
        Value::Object(members) if members.keys().any(capital) => lower_camel(value),
        _ => value,
    }
}

fn lower_camel(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let spelled = |name: &String| spelled(name, |other| members.contains_key(other));
            let names: Vec<String> = members.keys().map(spelled).collect();
            Value::Object(names.into_iter().zip(members.into_values().map(lower_camel)).collect::<Map<_, _>>())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(lower_camel).collect()),
        other => other,
    }
}

/// [`lower_first`], unless that is there as well: one that nothing reads must not take the place of the one that counts.
pub(crate) fn spelled(name: &str, is_there: impl Fn(&str) -> bool) -> String {
    let lower = lower_first(name);
    if lower != name && is_there(&lower) { name.to_owned() } else { lower }
}

/// `UserName` → `userName`.
fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_say_what_reads() {
        for name in ["GetAuthorizationToken", "ListUsers", "DescribeImages", "BatchGetImage", "SimulateCustomPolicy"] {
            assert_eq!(Audit::of(name), Audit::Read, "{name}");
        }
        for name in ["PutImage", "BatchDeleteImage", "AssumeRole", "Ge", ""] {
            assert_eq!(Audit::of(name), Audit::Change, "{name}");
        }
    }

    #[test]
    fn members_are_in_lower_camel_case() {
        let value = json!({ "User": { "UserName": "anna", "Tags": [{ "Key": "A" }] } });
        assert_eq!(members(value), json!({ "user": { "userName": "anna", "tags": [{ "key": "A" }] } }));
        let both = json!({ "Name": "meant", "name": "not read", "Tags": [{ "Key": "a", "key": "b" }] });
        let kept = json!({ "Name": "meant", "name": "not read", "tags": [{ "Key": "a", "key": "b" }] });
        assert_eq!(members(both), kept);
        let value = json!({ "definition": { "dockerLabels": { "Team": "red" } } });
        assert_eq!(members(value.clone()), value);
    }
}
