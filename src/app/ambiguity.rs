//! Refuses manifests that readers could understand differently: what we check must be what every client sees
//! (CVE-2021-41190 is of this kind).
//!
//! Readers differ in three ways. Of a member that is there twice, some take the first and some the last. Go's JSON, which
//! most clients use, takes `Layers` for `layers`. And a reader may take a list for an object, its fields in order. So each
//! member may be there once, at any depth; where members have a meaning, their names must be spelled as the specification
//! does; and what describes content must be an object.

use std::collections::HashSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use crate::{Error, Result};

/// Members of an image manifest and of an index, schema 1 included, which tells it apart.
const OF_DOCUMENT: &[&str] = &[
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "subject",
    "annotations",
    "fsLayers",
    "history",
    "signatures",
];

/// Members of a descriptor (image-spec, "Content Descriptors").
const OF_DESCRIPTOR: &[&str] =
    &["mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform"];

/// Members of the platform of a descriptor (image-spec, "Image Index").
const OF_PLATFORM: &[&str] = &["architecture", "os", "os.version", "os.features", "variant", "features"];

/// The most members that one object may have: no manifest comes near, and each is held while the object is read.
const MAX_MEMBERS: usize = 20_000;

/// Refuses a document that is ambiguous, or nested beyond all reason: some clients give up on what is deep.
pub(crate) fn refuse(document: &[u8]) -> Result<()> {
    let mut reader = serde_json::Deserializer::from_slice(document);
    let outcome = Place::Document.deserialize(&mut reader).and_then(|()| reader.end());
    outcome.map_err(|error| Error::ManifestInvalid(format!("the manifest is not a valid document: {error}")))
}

/// Where in a manifest a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Document,
    /// A list of descriptors.
    Descriptors,
    Descriptor,
    Platform,
    /// Where whoever pushes says what they like.
    Free,
}

impl Place {
    /// The names that mean something in an object here.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Document => OF_DOCUMENT,
            Self::Descriptor => OF_DESCRIPTOR,
            Self::Platform => OF_PLATFORM,
            Self::Descriptors | Self::Free => &[],
        }
    }

    /// Where the value of a member of an object here is.
    fn of(self, member: &str) -> Self {
        match (self, member) {
            (Self::Document, "config" | "subject") => Self::Descriptor,
            (Self::Document, "layers" | "manifests") => Self::Descriptors,
            (Self::Descriptor, "platform") => Self::Platform,
            _ => Self::Free,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Document => "a manifest",
            Self::Descriptors => "a list of descriptors",
            Self::Descriptor => "a descriptor",
            Self::Platform => "a platform",
            Self::Free => "a value",
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if let Some(meant) = self.names().iter().find(|known| **known != name && is_taken_for(&name, known)) {
                return Err(A::Error::custom(format!("the member '{}' must be spelled '{meant}'", told(&name))));
            }
            let place = self.of(&name);
            members.next_value_seed(place)?;
            if let Some(twice) = seen.replace(name) {
                return Err(A::Error::custom(format!("the member '{}' is there twice", told(&twice))));
            }
            if seen.len() > MAX_MEMBERS {
                return Err(A::Error::custom(format!("an object has more than {MAX_MEMBERS} members")));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        let place = match self {
            Self::Descriptors => Self::Descriptor,
            Self::Free => Self::Free,
            Self::Document | Self::Descriptor | Self::Platform => {
                return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
            }
        };
        while items.next_element_seed(place)?.is_some() {}
        Ok(())
    }

    // Whether another value fits where it is says whoever reads the manifest.

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<(), E> {
        Ok(())
    }
}

/// Whether Go reads a member of the one name as the other: it folds case, and two letters of Unicode fold to ASCII.
fn is_taken_for(name: &str, known: &str) -> bool {
    let folded = name.chars().map(|letter| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    });
    folded.eq(known.chars().map(|letter| letter.to_ascii_lowercase()))
}

/// A name as an error message shows it.
fn told(name: &str) -> String {
    name.chars().take(64).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTOR: &str = r#"{"mediaType":"a/b","digest":"sha256:1","size":1}"#;

    #[test]
    fn what_everybody_reads_alike_passes() {
        for text in [
            r#"{"schemaVersion":2,"manifests":null}"#.to_owned(),
            format!(r#"{{"config":{DESCRIPTOR},"layers":[{DESCRIPTOR},{DESCRIPTOR}],"Free":{{"Size":1,"size":2}}}}"#),
            r#"{"annotations":{"Config":"a","config":"b","CONFIG":"c"}}"#.to_owned(),
            r#"{"manifests":[{"platform":{"os":"linux","os.version":"1"},"x":[[1.5,true,null,"s",-1]]}]}"#.to_owned(),
            format!(r#"{{"x":{}{}}}"#, "[".repeat(100), "]".repeat(100)),
        ] {
            refuse(text.as_bytes()).unwrap();
        }
    }

    #[test]
    fn what_readers_may_read_differently_does_not() {
        let array = r#"["a/b","sha256:1",1]"#;
        for (text, reason) in [
            (r#"{"Layers":[]}"#.to_owned(), "must be spelled 'layers'"),
            ("{\"layer\u{17f}\":[]}".to_owned(), "must be spelled 'layers'"),
            (r#"{"Manifests":[]}"#.to_owned(), "must be spelled 'manifests'"),
            (r#"{"fslayers":[]}"#.to_owned(), "must be spelled 'fsLayers'"),
            (r#"{"config":{"Digest":"a"}}"#.to_owned(), "must be spelled 'digest'"),
            (r#"{"layers":[{"SIZE":1}]}"#.to_owned(), "must be spelled 'size'"),
            (r#"{"manifests":[{"platform":{"OS":"a"}}]}"#.to_owned(), "must be spelled 'os'"),
            (r#"{"annotations":{"a":"1","a":"2"}}"#.to_owned(), "'a' is there twice"),
            (r#"{"x":[{"y":{"z":1,"z":1}}]}"#.to_owned(), "'z' is there twice"),
            (r#"{"x":{"a":1,"\u0061":1}}"#.to_owned(), "'a' is there twice"),
            (format!(r#"{{"config":{array}}}"#), "expected a descriptor"),
            (format!(r#"{{"layers":[{array}]}}"#), "expected a descriptor"),
            ("[]".to_owned(), "expected a manifest"),
            (format!(r#"{{"x":{}{}}}"#, "[".repeat(200), "]".repeat(200)), "recursion limit"),
            (r#"{} {}"#.to_owned(), "trailing characters"),
            (
                format!("{{{}}}", (0..20_001).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",")),
                "more than 20000",
            ),
        ] {
            let Err(Error::ManifestInvalid(said)) = refuse(text.as_bytes()) else { panic!("accepted: {text:.200}") };
            assert!(said.contains(reason), "{said}");
        }
    }
}
