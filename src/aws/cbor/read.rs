//! From CBOR to JSON. Lengths that a client names size nothing, and how much may come of a body is bounded: an element takes
//! one byte in CBOR, and dozens in memory.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ciborium_ll::{Decoder, Header, simple};
use serde_json::{Map, Number, Value};

/// The most elements of one body.
const MOST: usize = 200_000;

/// The deepest that they are nested. No input of AWS comes near.
const DEEPEST: usize = 64;

type Result<T, E = String> = std::result::Result<T, E>;

/// Reads one value, which must be all that there is.
pub(super) fn read(body: &[u8]) -> Result<Value> {
    let mut reader = Reader { decoder: Decoder::from(body), left: MOST };
    let header = reader.pull()?;
    let value = reader.value(header, 0)?;
    if reader.decoder.offset() == body.len() { Ok(value) } else { Err("something follows its value".to_owned()) }
}

struct Reader<'b> {
    decoder: Decoder<&'b [u8]>,
    /// How many elements may still come.
    left: usize,
}

impl Reader<'_> {
    fn pull(&mut self) -> Result<Header> {
        self.decoder.pull().map_err(malformed)
    }

    /// The value that a header begins.
    fn value(&mut self, header: Header, depth: usize) -> Result<Value> {
        self.left = self.left.checked_sub(1).ok_or("it has too many elements")?;
        if depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        Ok(match header {
            Header::Positive(number) => Value::from(number),
            // -1 less the number that is written.
            Header::Negative(number) => i64::try_from(number).map(|number| Value::from(!number)).map_err(malformed)?,
            // What JSON has no number for is text there, which no member takes for one.
            Header::Float(number) => {
                Number::from_f64(number).map_or_else(|| Value::from(number.to_string()), Value::Number)
            }
            Header::Simple(simple::FALSE) => Value::from(false),
            Header::Simple(simple::TRUE) => Value::from(true),
            Header::Simple(simple::NULL | simple::UNDEFINED) => Value::Null,
            // A time is the seconds in it, as in JSON.
            Header::Tag(_) => {
                let header = self.pull()?;
                self.value(header, depth + 1)?
            }
            Header::Text(length) => Value::from(self.text(length)?),
            Header::Bytes(length) => Value::from(STANDARD.encode(self.bytes(length)?)),
            Header::Array(length) => self.array(length, depth)?,
            Header::Map(length) => self.map(length, depth)?,
            Header::Simple(_) | Header::Break => return Err("a value is none".to_owned()),
        })
    }

    /// The header of the next element, if there is one more.
    fn element(&mut self, length: Option<usize>, read: usize) -> Result<Option<Header>> {
        if length == Some(read) {
            return Ok(None);
        }
        match self.pull()? {
            Header::Break if length.is_none() => Ok(None),
            header => Ok(Some(header)),
        }
    }

    fn array(&mut self, length: Option<usize>, depth: usize) -> Result<Value> {
        let mut elements = Vec::new();
        while let Some(header) = self.element(length, elements.len())? {
            elements.push(self.value(header, depth + 1)?);
        }
        Ok(Value::Array(elements))
    }

    fn map(&mut self, length: Option<usize>, depth: usize) -> Result<Value> {
        let mut members = Map::new();
        let mut read = 0;
        while let Some(header) = self.element(length, read)? {
            let Header::Text(name) = header else { return Err("a member has no name".to_owned()) };
            let name = self.text(name)?;
            let header = self.pull()?;
            let value = self.value(header, depth + 1)?;
            members.insert(name, value);
            read += 1;
        }
        Ok(Value::Object(members))
    }

    fn text(&mut self, length: Option<usize>) -> Result<String> {
        let (mut text, mut buffer) = (String::new(), [0; 4096]);
        let mut segments = self.decoder.text(length);
        while let Some(mut segment) = segments.pull().map_err(malformed)? {
            while let Some(piece) = segment.pull(&mut buffer).map_err(malformed)? {
                text.push_str(piece);
            }
        }
        Ok(text)
    }

    fn bytes(&mut self, length: Option<usize>) -> Result<Vec<u8>> {
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        let mut segments = self.decoder.bytes(length);
        while let Some(mut segment) = segments.pull().map_err(malformed)? {
            while let Some(piece) = segment.pull(&mut buffer).map_err(malformed)? {
                bytes.extend_from_slice(piece);
            }
        }
        Ok(bytes)
    }
}

fn malformed(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}
