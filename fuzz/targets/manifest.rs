//! Manifests: what is accepted names only what stands in its text, each thing once and in one role, and is read the
//! same way when it is sent again under the media type that was decided for it.

#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::Value;
use wharf_app::manifest::Manifest;
use wharf_types::Digest;

fuzz_target!(|bytes: &[u8]| {
    let Ok(manifest) = Manifest::parse(bytes, None) else {
        return;
    };
    assert!(std::str::from_utf8(bytes).is_ok(), "JSON is UTF-8 also in members that nobody reads");
    // Strings in such members are skipped without decoding. An escape that is half of a surrogate pair is legal there,
    // while this stricter reader refuses it.
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        serde_json::from_slice::<IgnoredAny>(bytes).expect("what was accepted is JSON");
        return;
    };
    let mut texts = HashSet::new();
    collect(&document, &mut texts);

    let lists = [&manifest.layers, &manifest.foreign_layers, &manifest.children];
    for digest in lists.into_iter().flatten().chain(&manifest.config).chain(&manifest.subject) {
        assert!(texts.contains(digest.as_str()), "{digest} is not in the document");
    }
    for list in lists {
        assert!(list.is_sorted_by(|left: &Digest, right| left < right), "sorted and without duplicates");
    }
    // Nothing is an image to one reader and an index to another (CVE-2021-41190).
    assert!(document.get("manifests").is_none() || document.get("layers").or(document.get("config")).is_none());
    assert_eq!(manifest.media_type.is_index(), document.get("manifests").is_some());
    assert!(manifest.config.is_some() != manifest.media_type.is_index());

    let mut again = Manifest::parse(bytes, Some(&manifest.media_type)).expect("its own media type is no contradiction");
    // Now it was stated, if not by the document.
    assert!(again.media_type_stated);
    again.media_type_stated = manifest.media_type_stated;
    assert_eq!(format!("{again:?}"), format!("{manifest:?}"));
});

/// All strings of a document.
fn collect<'a>(value: &'a Value, texts: &mut HashSet<&'a str>) {
    match value {
        Value::String(text) => drop(texts.insert(text)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(members) => members.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}
