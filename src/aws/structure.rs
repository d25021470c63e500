//! Structures are read from objects alone. What serde derives also takes a list for a structure, as the values of its members
//! in their order, at every depth; AWS answers a `SerializationException`.
//!
//! A thin layer over any deserializer, through which whole inputs are read. It keeps nothing and copies nothing.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

/// Reads a value whose structures, however deep, are objects. A member that is flattened into its structure is read by serde
/// from a copy of its own, so that it needs `#[serde(flatten, deserialize_with = "aws::structure")]`.
pub fn structure<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(Strict(deserializer))
}

/// A deserializer, or what goes with one.
struct Strict<T>(T);

macro_rules! same {
    ($($name:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $name<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$name($($argument,)* Strict(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Strict(visitor))
    }

    same! {
        deserialize_any() deserialize_bool() deserialize_char() deserialize_str() deserialize_string()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_bytes() deserialize_byte_buf()
        deserialize_option() deserialize_unit() deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str) deserialize_seq() deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize) deserialize_map()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier() deserialize_ignored_any()
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! seen {
    ($($name:ident($type:ty))*) => {
        $(fn $name<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$name(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    seen! {
        visit_bool(bool) visit_char(char) visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_i8(i8) visit_i16(i16) visit_i32(i32) visit_i64(i64) visit_i128(i128)
        visit_u8(u8) visit_u16(u16) visit_u32(u32) visit_u64(u64) visit_u128(u128)
        visit_f32(f32) visit_f64(f64) visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(members))
    }

    // Inputs have words alone: variants that hold something are not looked into.
    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(variant)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Tag {
        key: Option<String>,
        value: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(Tag);

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Members {
        tag: Option<Tag>,
        number: i64,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Input {
        tag: Option<Tag>,
        #[serde(default)]
        tags: Vec<Tag>,
        #[serde(default)]
        named: BTreeMap<String, Vec<Tag>>,
        wrapped: Option<Wrapped>,
        pair: Option<(u8, Tag)>,
        any: Option<Value>,
        text: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Flat {
        name: String,
        #[serde(flatten, deserialize_with = "structure")]
        members: Members,
    }

    /// From text and from a value: both are read so.
    fn read<T: for<'de> Deserialize<'de> + PartialEq + fmt::Debug>(sent: &Value) -> Result<T, serde_json::Error> {
        let text = sent.to_string();
        let of_text = structure(&mut serde_json::Deserializer::from_str(&text));
        let of_value = structure(sent);
        assert_eq!(of_text.as_ref().ok(), of_value.as_ref().ok());
        of_text
    }

    #[test]
    fn a_list_is_no_structure_at_any_depth() {
        let list = json!(["a", "b"]);
        for sent in [
            json!([null, [], {}, null, null, null, null]),
            json!({ "tag": list }),
            json!({ "tags": [{}, list] }),
            json!({ "tags": [[]] }),
            json!({ "named": { "x": [list] } }),
            json!({ "wrapped": list }),
            json!({ "pair": [1, list] }),
        ] {
            let error = read::<Input>(&sent).unwrap_err();
            assert!(error.is_data(), "{sent}: {error}");
        }
        assert!(read::<Flat>(&json!({ "name": "n", "tag": list })).unwrap_err().is_data());
    }

    #[test]
    fn what_is_an_object_a_list_or_plain_is_read_as_ever() {
        let tag = json!({ "key": "a", "value": null, "unknown": ["x"] });
        let sent = json!({
            "tag": tag, "tags": [tag], "named": { "x": [tag], "y": [] }, "wrapped": tag, "pair": [1, tag],
            "any": [1, ["a"]], "text": "é\n", "unknown": [[]],
        });
        let read_tag = || Tag { key: Some("a".to_owned()), value: None };
        let expected = Input {
            tag: Some(read_tag()),
            tags: vec![read_tag()],
            named: BTreeMap::from([("x".to_owned(), vec![read_tag()]), ("y".to_owned(), vec![])]),
            wrapped: Some(Wrapped(read_tag())),
            pair: Some((1, read_tag())),
            any: Some(json!([1, ["a"]])),
            text: Some("é\n".to_owned()),
        };
        assert_eq!(read::<Input>(&sent).unwrap(), expected);
        let flat = read::<Flat>(&json!({ "name": "n", "tag": tag, "number": -1 })).unwrap();
        assert_eq!(flat, Flat { name: "n".to_owned(), members: Members { tag: Some(read_tag()), number: -1 } });
    }
}
