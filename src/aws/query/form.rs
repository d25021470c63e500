//! A form as a tree: `Tags.member.2.Key=team` is a value three branches down. Sizes are bounded, since clients choose
//! every name.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::record::spelled;

/// Parameters that are looked at in one request.
const MOST: usize = 10_000;
/// Levels of one name.
const DEEPEST: usize = 12;

/// The parameters of a request.
#[derive(Debug, Default, Clone)]
pub struct Form {
    pub(super) value: Option<String>,
    pub(super) members: BTreeMap<String, Form>,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded` texts, which are taken together. None if there are too many parameters
    /// or one of them is nested too deeply or given twice.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> Option<Self> {
        let mut form = Self::default();
        let pairs = texts.into_iter().flat_map(form_urlencoded::parse);
        for (count, (name, value)) in pairs.enumerate() {
            if count == MOST {
                return None;
            }
            form.insert(&name, value.into_owned())?;
        }
        Some(form)
    }

    /// The text of a parameter at the top.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.value.as_deref()
    }

    /// The parameters as JSON, with members in lower camel case: lists are lists, and everything else is text.
    pub(crate) fn to_json(&self) -> Value {
        if let Some(text) = &self.value
            && self.members.is_empty()
        {
            return Value::from(text.as_str());
        }
        if let (1, Some(list)) = (self.members.len(), self.members.get("member")) {
            let mut elements: Vec<(u32, &Self)> =
                list.members.iter().map(|(number, element)| (number.parse().unwrap_or(u32::MAX), element)).collect();
            elements.sort_by_key(|(number, _)| *number);
            return Value::Array(elements.into_iter().map(|(_, element)| element.to_json()).collect());
        }
        let named = |name: &str| spelled(name, |other| self.members.contains_key(other));
        let member = |(name, value): (&String, &Self)| (named(name), value.to_json());
        Value::Object(self.members.iter().map(member).collect())
    }

    fn insert(&mut self, name: &str, value: String) -> Option<()> {
        let mut place = self;
        for (depth, part) in name.split('.').enumerate() {
            if depth == DEEPEST {
                return None;
            }
            place = place.members.entry(part.to_owned()).or_default();
        }
        // Which of two would count is a question that a proxy before us may answer differently.
        place.value.is_none().then(|| place.value = Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_told_as_json() {
        let form = Form::parse([b"UserName=anna&Tags.member.2.Key=b&Tags.member.1.Key=a&Names=".as_slice()]).unwrap();
        let expected = serde_json::json!({ "userName": "anna", "tags": [{ "key": "a" }, { "key": "b" }], "names": "" });
        assert_eq!(form.to_json(), expected);
        let both = Form::parse([b"UserName=meant&userName=other".as_slice()]).unwrap();
        assert_eq!(both.to_json(), serde_json::json!({ "UserName": "meant", "userName": "other" }));
    }

    #[test]
    fn names_are_branches_and_bounds_hold() {
        let form = Form::parse([b"Action=A&Tags.member.1.Key=a%20b".as_slice(), b"X=1"]).unwrap();
        assert_eq!((form.get("Action"), form.get("X"), form.get("Tags")), (Some("A"), Some("1"), None));
        let key = &form.members["Tags"].members["member"].members["1"].members["Key"];
        assert_eq!(key.value.as_deref(), Some("a b"));
        assert!(Form::parse([b"A=1&A=2".as_slice()]).is_none());
        assert!(Form::parse([format!("{}=1", "a.".repeat(20)).as_bytes()]).is_none());
        let many: String = (0..=MOST).map(|index| format!("a{index}=1&")).collect();
        assert!(Form::parse([many.as_bytes()]).is_none());
        assert!(Form::parse([b"".as_slice()]).unwrap().members.is_empty());
    }
}
