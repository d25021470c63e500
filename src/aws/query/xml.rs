//! From the output of an operation to XML, through serde: a structure is an element with its members, a list has
//! `<member>`s, a map has `<entry>`s. It writes what AWS's Query answers need and no more; it reads nothing.

use serde::ser::{self, Impossible, Serialize, Serializer};

use crate::unwritable::Unwritable as Error;

/// Writes a value as one element. Nothing is written for what is absent.
pub(super) fn write(out: &mut String, name: &str, value: &impl Serialize) -> Result<(), Error> {
    value.serialize(Element { out, name })
}

/// Writes an element that holds text.
pub(super) fn element(out: &mut String, name: &str, text: &str) {
    open(out, name);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Parsers turn a bare one into a line feed.
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(character),
            // XML 1.0 has no way to write the others.
            _ if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
    close(out, name);
}

fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

struct Element<'o> {
    out: &'o mut String,
    name: &'o str,
}

impl Element<'_> {
    fn text(self, text: &str) -> Result<(), Error> {
        element(self.out, self.name, text);
        Ok(())
    }
}

/// An element that is open.
struct Open<'o> {
    out: &'o mut String,
    name: &'o str,
}

impl<'o> Open<'o> {
    fn new(element: Element<'o>) -> Self {
        open(element.out, element.name);
        Self { out: element.out, name: element.name }
    }

    fn finish(self) -> Result<(), Error> {
        close(self.out, self.name);
        Ok(())
    }
}

fn unsupported<T>() -> Result<T, Error> {
    Err(Error("the Query protocol has no such shape".to_owned()))
}

macro_rules! texts {
    ($($serialize:ident $type:ty),*) => {
        $(fn $serialize(self, value: $type) -> Result<(), Error> {
            self.text(&value.to_string())
        })*
    };
}

impl<'o> Serializer for Element<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Open<'o>;
    type SerializeTuple = Open<'o>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Open<'o>;
    type SerializeStruct = Open<'o>;
    type SerializeStructVariant = Impossible<(), Error>;

    texts!(
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_f32 f32,
        serialize_f64 f64, serialize_char char
    );

    /// Times that know two forms take the one of XML; see `Moment`.
    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.text(text)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        unsupported()
    }

    fn serialize_none(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        unsupported()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'o>, Error> {
        Ok(Open::new(self))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'o>, Error> {
        Ok(Open::new(self))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Error>, Error> {
        unsupported()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        unsupported()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'o>, Error> {
        Ok(Open::new(self))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Error> {
        Ok(Open::new(self))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        unsupported()
    }
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Element { out: self.out, name: "member" })
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl ser::SerializeTuple for Open<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.out.push_str("<entry>");
        key.serialize(Element { out: self.out, name: "key" })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Element { out: self.out, name: "value" })?;
        self.out.push_str("</entry>");
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl ser::SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(Element { out: self.out, name })
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        users: Vec<User>,
        is_truncated: bool,
        marker: Option<String>,
        counts: BTreeMap<&'static str, u32>,
        nothing: Vec<u8>,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct User {
        user_name: &'static str,
    }

    #[test]
    fn every_shape_is_written() {
        let output = Output {
            users: vec![User { user_name: "a&<b>" }, User { user_name: "tab\tbell\u{7}\r" }],
            is_truncated: false,
            marker: None,
            counts: BTreeMap::from([("Users", 2)]),
            nothing: Vec::new(),
        };
        let mut text = String::new();
        write(&mut text, "R", &output).unwrap();
        assert_eq!(
            text,
            "<R><Users><member><UserName>a&amp;&lt;b&gt;</UserName></member><member><UserName>tab\tbell\u{fffd}&#xD;\
             </UserName></member></Users><IsTruncated>false</IsTruncated><Counts><entry><key>Users</key><value>2</value>\
             </entry></Counts><Nothing></Nothing></R>"
        );
    }
}
