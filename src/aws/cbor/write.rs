//! From the output of an operation to CBOR, through serde. Times say of themselves that they are some (see `Moment`), and get
//! their tag. It writes what AWS's answers need and no more.

use ciborium_ll::{Encoder, Header, simple};
use serde::ser::{self, Impossible, Serialize, Serializer};

use crate::time;
use crate::unwritable::Unwritable as Error;

/// `null`.
pub(super) const NULL: u8 = 0xf6;

/// A map without members.
pub(super) const EMPTY_MAP: u8 = 0xa0;

/// Seconds since the epoch.
const TIME: u64 = 1;

type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Writes a value.
pub(super) fn write(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    value.serialize(&mut Writer(Encoder::from(&mut out)))?;
    Ok(out)
}

struct Writer<'o>(Encoder<&'o mut Vec<u8>>);

impl Writer<'_> {
    fn push(&mut self, header: Header) -> Result {
        self.0.push(header).map_err(|error| Error(format!("{error:?}")))
    }

    fn integer(&mut self, number: i64) -> Result {
        self.push(match u64::try_from(number) {
            Ok(number) => Header::Positive(number),
            Err(_) => Header::Negative(!number as u64),
        })
    }
}

fn unsupported<T>() -> Result<T> {
    Err(Error("the CBOR protocol has no such shape".to_owned()))
}

macro_rules! integers {
    ($($serialize:ident $type:ty),*) => {
        $(fn $serialize(self, value: $type) -> Result {
            self.integer(value.into())
        })*
    };
}

/// A list or a map that is open; true if its length was not known.
pub(super) struct Open<'w, 'o> {
    writer: &'w mut Writer<'o>,
    indefinite: bool,
}

impl Open<'_, '_> {
    fn finish(self) -> Result {
        if self.indefinite { self.writer.push(Header::Break) } else { Ok(()) }
    }
}

impl<'w, 'o> Serializer for &'w mut Writer<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Open<'w, 'o>;
    type SerializeTuple = Open<'w, 'o>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Open<'w, 'o>;
    type SerializeStruct = Open<'w, 'o>;
    type SerializeStructVariant = Impossible<(), Error>;

    integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_u8 u8, serialize_u16 u16,
        serialize_u32 u32
    );

    fn serialize_u64(self, value: u64) -> Result {
        self.push(Header::Positive(value))
    }

    fn serialize_f32(self, value: f32) -> Result {
        self.push(Header::Float(value.into()))
    }

    fn serialize_f64(self, value: f64) -> Result {
        self.push(Header::Float(value))
    }

    fn serialize_bool(self, value: bool) -> Result {
        self.push(Header::Simple(if value { simple::TRUE } else { simple::FALSE }))
    }

    fn serialize_char(self, value: char) -> Result {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result {
        self.0.text(text, None).map_err(|error| Error(format!("{error:?}")))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result {
        self.0.bytes(bytes, None).map_err(|error| Error(format!("{error:?}")))
    }

    fn serialize_none(self) -> Result {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        self.push(Header::Simple(simple::NULL))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result {
        if name == time::SECONDS {
            self.push(Header::Tag(TIME))?;
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result {
        unsupported()
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Open<'w, 'o>> {
        self.push(Header::Array(length))?;
        Ok(Open { writer: self, indefinite: length.is_none() })
    }

    fn serialize_tuple(self, length: usize) -> Result<Open<'w, 'o>> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Error>> {
        unsupported()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>> {
        unsupported()
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Open<'w, 'o>> {
        self.push(Header::Map(length))?;
        Ok(Open { writer: self, indefinite: length.is_none() })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Open<'w, 'o>> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>> {
        unsupported()
    }
}

impl ser::SerializeSeq for Open<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl ser::SerializeTuple for Open<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl ser::SerializeMap for Open<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result {
        key.serialize(&mut *self.writer)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl ser::SerializeStruct for Open<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result {
        name.serialize(&mut *self.writer)?;
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result {
        self.finish()
    }
}
