//! Documents of JSON that an image brings, read member by member. Nothing is held of what is not asked for: a tree of a
//! document takes a hundred times its bytes, if it was written for that.

use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// Longer texts are none that somebody looks for, with what escapes them.
const LONGEST: usize = 8192;

/// Goes through the members of an object. False if the text is none, or is damaged.
pub(super) fn members<'t>(text: &'t str, each: impl FnMut(&str, &'t str)) -> bool {
    let mut document = serde_json::Deserializer::from_str(text);
    document.deserialize_map(Members(each)).is_ok() && document.end().is_ok()
}

/// The values of some members of an object. None if the text is no object, or is damaged.
pub(super) fn fields<'t, const N: usize>(text: &'t str, names: [&str; N]) -> Option<[Option<&'t str>; N]> {
    let mut found = [None; N];
    let whole = members(text, |name, value| {
        if let Some(at) = names.iter().position(|wanted| *wanted == name) {
            found[at] = Some(value);
        }
    });
    whole.then_some(found)
}

/// What a text is, if a value is one.
pub(super) fn text(value: &str) -> Option<String> {
    (value.len() <= LONGEST).then(|| serde_json::from_str(value).ok())?
}

struct Members<F>(F);

impl<'t, F: FnMut(&str, &'t str)> Visitor<'t> for Members<F> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<String, &'t RawValue>()? {
            (self.0)(&name, value.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_as_they_stand() {
        let document = r#"{"a": {"b": [1, {}]}, "\u0062": "x\ty", "a": 2, "n": null}"#;
        assert_eq!(fields(document, ["a", "b", "c"]), Some([Some("2"), Some(r#""x\ty""#), None]));
        assert_eq!(text(r#""x\ty""#).as_deref(), Some("x\ty"));
        assert_eq!((text("2"), text("{}")), (None, None));
        for damaged in ["", "[]", "1", "{", r#"{"a"}"#, r#"{"a":1}}"#, r#"{"a":[}"#] {
            assert_eq!(fields(damaged, ["a"]), None, "{damaged}");
        }
    }
}
