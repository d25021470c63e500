//! Bodies of AWS Query: a form is read within its bounds, an input is read from it or refused, and what was read is what the form
//! says.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use wharf_aws::{Fault, Form};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_name: Option<String>,
    duration_seconds: Option<i64>,
    exact: Option<bool>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    nested: Option<Box<Input>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: Option<String>,
}

fn missing(member: &str) -> Fault {
    Fault::new("Missing", member)
}

fuzz_target!(|body: &[u8]| {
    let Some(form) = Form::parse([body]) else {
        return;
    };
    let Ok(input) = form.decode::<Input>(missing) else {
        return;
    };
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let stands = |value: &str| pairs.iter().any(|(_, known)| known == value);
    assert_eq!(input.role_name.as_deref(), form.get("RoleName"));
    assert!(input.duration_seconds.is_none_or(|_| form.get("DurationSeconds").is_some()));
    assert!(input.exact.is_none_or(|exact| form.get("Exact") == Some(if exact { "true" } else { "false" })));
    assert!(input.names.iter().all(|name| stands(name)));
    assert!(input.tags.iter().all(|tag| stands(&tag.key) && tag.value.as_deref().is_none_or(stands)));
    assert!(input.attributes.iter().all(|(key, value)| stands(key) && stands(value)));
    assert!(input.nested.is_none_or(|nested| nested.names.iter().all(|name| stands(name))));
});
