//! From a form to the input of an operation, through serde. Lists are `Name.member.N`, maps `Name.entry.N.key` and
//! `.value`; numbers and truth values are text. An empty parameter `Name=` stands for an empty list.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::form::Form;

/// Why an input cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Error {
    /// A required member is absent.
    Missing(&'static str),
    /// Something else.
    Malformed(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(member) => write!(f, "{member} is missing"),
            Self::Malformed(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Malformed(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

/// Reads an input.
pub(super) fn read<T: DeserializeOwned>(form: &Form) -> Result<T, Error> {
    T::deserialize(Node(form))
}

#[derive(Clone, Copy)]
struct Node<'f>(&'f Form);

impl<'f> Node<'f> {
    fn text(self) -> Result<&'f str, Error> {
        // The audit log would show what stands below it in its place.
        if !self.0.members.is_empty() {
            return Err(Error::Malformed("a text was expected where there are members".to_owned()));
        }
        self.0.value.as_deref().ok_or_else(|| Error::Malformed("a text was expected where there is none".to_owned()))
    }

    fn parsed<T: std::str::FromStr>(self, what: &str) -> Result<T, Error> {
        self.text()?.parse().map_err(|_| Error::Malformed(format!("a parameter is not {what}")))
    }

    /// The elements of a list or a map, by their numbers.
    fn elements(self, branch: &str) -> Result<Vec<&'f Form>, Error> {
        // Whoever sends something means it: a list that is read as an empty one may be what restricts a session.
        let unnumbered = || Error::Malformed(format!("the elements of a list are named {branch}.N"));
        let text = self.0.value.as_deref().unwrap_or_default();
        if !text.is_empty() || self.0.members.keys().any(|name| name != branch) {
            return Err(unnumbered());
        }
        let Some(numbered) = self.0.members.get(branch) else {
            return Ok(Vec::new());
        };
        if numbered.value.is_some() {
            return Err(unnumbered());
        }
        let mut elements = Vec::with_capacity(numbered.members.len());
        for (number, element) in &numbered.members {
            let number: u32 =
                number.parse().map_err(|_| Error::Malformed("the elements of a list are numbered".to_owned()))?;
            elements.push((number, element));
        }
        elements.sort_by_key(|(number, _)| *number);
        Ok(elements.into_iter().map(|(_, element)| element).collect())
    }
}

macro_rules! numbers {
    ($($deserialize:ident $visit:ident $type:ty),*) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.parsed::<$type>("a number")?)
        })*
    };
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Error;

    numbers!(
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64, deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64
    );

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text()? {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Error::Malformed("a parameter is neither true nor false".to_owned())),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(List(self.elements("member")?.into_iter()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Entries { entries: self.elements("entry")?.into_iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // Only what the structure knows: clients may send what later versions of the service have.
        let members = fields.iter().filter_map(|field| Some((*field, self.0.members.get(*field)?))).collect::<Vec<_>>();
        visitor.visit_map(Members { members: members.into_iter(), value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Word(self.text()?))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit_struct tuple tuple_struct identifier
    }
}

struct List<'f>(std::vec::IntoIter<&'f Form>);

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|element| seed.deserialize(Node(element))).transpose()
    }
}

struct Members<'f> {
    members: std::vec::IntoIter<(&'static str, &'f Form)>,
    value: Option<&'f Form>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.members.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Node(self.value.take().ok_or_else(|| Error::Malformed("no value".to_owned()))?))
    }
}

struct Entries<'f> {
    entries: std::vec::IntoIter<&'f Form>,
    value: Option<&'f Form>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        let part = |name| {
            entry
                .members
                .get(name)
                .ok_or_else(|| Error::Malformed("an entry of a map has a key and a value".to_owned()))
        };
        self.value = Some(part("value")?);
        seed.deserialize(Node(part("key")?)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Node(self.value.take().ok_or_else(|| Error::Malformed("no value".to_owned()))?))
    }
}

/// A word of an enumeration: a variant without content.
struct Word<'f>(&'f str);

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name: StrDeserializer<'_, Error> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Error> {
        Err(Error::Malformed("a word was expected".to_owned()))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(Error::Malformed("a word was expected".to_owned()))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        Err(Error::Malformed("a word was expected".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Tag {
        key: String,
        value: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Status {
        Active,
        Inactive,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        role_name: String,
        duration_seconds: Option<i32>,
        #[serde(default)]
        tags: Vec<Tag>,
        #[serde(default)]
        names: Vec<String>,
        #[serde(default)]
        attributes: BTreeMap<String, String>,
        only_attached: Option<bool>,
        status: Option<Status>,
        path: Option<Tag>,
    }

    fn parse(text: &str) -> Result<Input, Error> {
        read(&Form::parse([text.as_bytes()]).unwrap())
    }

    #[test]
    fn every_shape_is_read() {
        let input = parse(
            "Action=X&Version=1&RoleName=r&DurationSeconds=900&Tags.member.10.Key=b&Tags.member.10.Value=&\
             Tags.member.2.Key=a&Tags.member.2.Value=1&Names.member.1=n&Attributes.entry.1.key=k&\
             Attributes.entry.1.value=v&OnlyAttached=true&Status=Inactive&Path.Key=x&Path.Value=y&Unknown.member.1=z",
        );
        let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
        let expected = Input {
            role_name: "r".to_owned(),
            duration_seconds: Some(900),
            tags: vec![tag("a", "1"), tag("b", "")],
            names: vec!["n".to_owned()],
            attributes: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
            only_attached: Some(true),
            status: Some(Status::Inactive),
            path: Some(tag("x", "y")),
        };
        assert_eq!(input.unwrap(), expected);
    }

    #[test]
    fn absent_members_are_named_and_malformed_ones_are_refused() {
        assert_eq!(parse(""), Err(Error::Missing("RoleName")));
        assert_eq!(parse("RoleName=r&Tags.member.1.Key=a"), Err(Error::Missing("Value")));
        assert!(parse("RoleName=r&Tags=").unwrap().tags.is_empty());
        for text in [
            "RoleName.x=r",
            "RoleName=r&RoleName.x=s",
            "RoleName=r&Names.member.1=n&Names.member.1.x=m",
            "RoleName=r&DurationSeconds=900&DurationSeconds.member.1=1",
            "RoleName=r&DurationSeconds=",
            "RoleName=r&DurationSeconds=9999999999999",
            "RoleName=r&OnlyAttached=yes",
            "RoleName=r&Status=Unknown",
            "RoleName=r&Tags.member.x.Key=a",
            "RoleName=r&Names=n",
            "RoleName=r&Names.1=n",
            "RoleName=r&Names.member.1=n&Names.2=m",
            "RoleName=r&Names.member=n",
            "RoleName=r&Attributes.member.1.key=k&Attributes.member.1.value=v",
            "RoleName=r&Attributes.entry.1.key=k",
        ] {
            assert!(matches!(parse(text), Err(Error::Malformed(_))), "{text}: {:?}", parse(text));
        }
    }
}
