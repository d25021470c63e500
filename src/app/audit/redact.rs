//! Takes secrets out of what is kept: by the names of members, whatever the operation, so that a new one cannot forget
//! it. Policy documents stay; they are what an audit is about.

use serde_json::Value;

/// What CloudTrail writes in their place.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Longer texts are cut. No document of a policy is longer with all the white space that IAM takes and does not count: behind
/// that nobody hides what a policy says.
const LONGEST: usize = 256 << 10;

/// Deeper values are dropped: they come from clients, and nothing that an operation knows is this deep.
const DEEPEST: usize = 16;

/// Takes secrets out of a value.
pub(super) fn redact(value: &mut Value) {
    walk(value, 0);
}

/// Hides the value of a parameter: elsewhere members of that name are what an audit is about.
pub(super) fn redact_value(parameters: &mut Value) {
    for (name, value) in parameters.as_object_mut().into_iter().flatten() {
        if name.eq_ignore_ascii_case("value") {
            *value = HIDDEN.into();
        }
    }
}

fn walk(value: &mut Value, depth: usize) {
    if depth > DEEPEST {
        *value = Value::Null;
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match fate(name) {
                    Fate::Keep => walk(member, depth + 1),
                    Fate::Hide => *member = HIDDEN.into(),
                    Fate::Omit => *member = Value::Null,
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| walk(element, depth + 1)),
        Value::String(text) if text.len() > LONGEST => {
            let mut end = LONGEST;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push('…');
        }
        _ => {}
    }
}

enum Fate {
    Keep,
    Hide,
    /// Content, which is stored elsewhere or thrown away.
    Omit,
}

fn fate(name: &str) -> Fate {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "layerpartblob" | "imagemanifest" => Fate::Omit,
        // Places in a list, and whom a token was about.
        "nexttoken" | "subjectfromwebidentitytoken" => Fate::Keep,
        // Which secret it was about.
        "secretid" | "secretidlist" | "secretoptions" | "secrets" => Fate::Keep,
        _ if lower.contains("password") || lower.contains("secret") || lower.contains("token") => Fate::Hide,
        "samlassertion" | "privatekey" | "credential" => Fate::Hide,
        _ => Fate::Keep,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_are() {
        let mut value = json!({
            "userName": "anna",
            "accessKey": { "accessKeyId": "AKIA", "SecretAccessKey": "s3cret" },
            "list": [{ "sessionToken": "s3cret" }, { "password": { "value": "s3cret" } }],
            "webIdentityToken": "s3cret",
            "nextToken": "page",
            "policyDocument": "{}",
            "imageManifest": "s3cret",
        });
        redact(&mut value);
        assert!(!value.to_string().contains("s3cret"), "{value}");
        assert_eq!(
            (&value["userName"], &value["policyDocument"], &value["nextToken"]),
            (&json!("anna"), &json!("{}"), &json!("page"))
        );
        assert_eq!(value["accessKey"], json!({ "accessKeyId": "AKIA", "SecretAccessKey": HIDDEN }));
    }

    #[test]
    fn the_value_of_a_parameter_is_hidden_and_its_tags_are_not() {
        let mut value = json!({ "Name": "a", "Value": "s3cret", "Tags": [{ "Key": "k", "Value": "seen" }] });
        redact_value(&mut value);
        assert_eq!(value, json!({ "Name": "a", "Value": HIDDEN, "Tags": [{ "Key": "k", "Value": "seen" }] }));
    }

    #[test]
    fn long_texts_are_cut_and_deep_values_dropped() {
        let mut value = json!({ "text": "ä".repeat(LONGEST) });
        redact(&mut value);
        assert!(value["text"].as_str().unwrap().len() <= LONGEST + "…".len());
        let mut deep = json!("bottom");
        for _ in 0..100 {
            deep = json!([deep]);
        }
        redact(&mut deep);
        assert!(!deep.to_string().contains("bottom"));
    }
}
