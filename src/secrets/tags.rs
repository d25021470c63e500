//! Tags of secrets and parameters. They are kept with what they are on.

use std::collections::BTreeMap;

use aws::is_tag_character;
use serde::{Deserialize, Serialize};

/// How many there may be on one thing.
pub(crate) const MOST: usize = 50;

/// By their keys.
pub(crate) type Tags = BTreeMap<String, String>;

/// A tag as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
}

/// As conditions of policies ask for them.
pub(crate) fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))
}

/// Those of a request, or what is wrong with them.
pub(crate) fn checked(tags: Vec<Tag>) -> Result<Tags, String> {
    let mut checked = Tags::new();
    for Tag { key, value } in tags {
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(is_tag_character) {
            return Err("Tag keys must have 1 to 128 letters, digits, spaces and any of _.:/=+-@".to_owned());
        }
        if value.chars().count() > 256 || !value.chars().all(is_tag_character) {
            return Err("Tag values must have at most 256 letters, digits, spaces and any of _.:/=+-@".to_owned());
        }
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return Err("Tag keys that begin with aws: are reserved".to_owned());
        }
        if let Some(twice) = checked.insert(key.clone(), value) {
            return Err(format!("The tag key {key} is given twice, once with the value {twice}"));
        }
    }
    Ok(checked)
}

/// As a row keeps them.
pub(crate) fn to_json(tags: &Tags) -> String {
    serde_json::json!(tags).to_string()
}

/// As a row has them.
pub(crate) fn from_json(text: &str) -> Tags {
    serde_json::from_str(text).unwrap_or_default()
}

/// As they are answered, by key.
pub(crate) fn listed(text: &str) -> Vec<Tag> {
    from_json(text).into_iter().map(|(key, value)| Tag { key, value }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_checked() {
        let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
        assert_eq!(checked(vec![tag("team", "red"), tag("a b", "")]).unwrap().len(), 2);
        for bad in [tag("", ""), tag("a*b", ""), tag("aws:x", ""), tag("AWS:x", ""), tag("a", &"x".repeat(257))] {
            assert!(checked(vec![bad]).is_err());
        }
        assert!(checked(vec![tag("a", "1"), tag("a", "2")]).is_err());
        assert_eq!(listed(&to_json(&checked(vec![tag("b", "1"), tag("a", "2")]).unwrap()))[0], tag("a", "2"));
    }
}
