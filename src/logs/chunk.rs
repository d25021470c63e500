//! How events lie in a chunk: in the order of their places, each as its differences to the one before, and all of it
//! deflated. What is read was written here, but a damaged row must not end the process: every length is checked.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::event::Event;

/// How much a chunk that was put together holds, unpacked: little enough to be read for one event of it, and enough to be
/// packed well.
pub(crate) const TARGET: usize = 1 << 20;

/// No chunk is larger: a batch is at most one mebibyte, and what is put together stops at [`TARGET`] and one event.
const LARGEST: u64 = 8 << 20;

const STORED: u8 = 0;
const DEFLATED: u8 = 1;

/// What cannot be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

/// Packs events, which are in order. Their bytes unpacked, and packed.
pub(crate) fn encode(events: &[Event]) -> (usize, Vec<u8>) {
    let mut raw = Vec::new();
    let mut last = (0, 0, 0);
    for event in events {
        signed(&mut raw, event.at.wrapping_sub(last.0));
        signed(&mut raw, event.sequence.cast_signed().wrapping_sub(last.1));
        signed(&mut raw, event.ingested_at.wrapping_sub(last.2));
        unsigned(&mut raw, event.message.len() as u64);
        raw.extend_from_slice(event.message.as_bytes());
        last = (event.at, event.sequence.cast_signed(), event.ingested_at);
    }
    let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::new(6));
    // Writing to memory does not fail; if it did, the bytes are kept as they are.
    let packed =
        encoder.write_all(&raw).and_then(|()| encoder.finish()).ok().filter(|packed| packed.len() <= raw.len());
    let body = packed.unwrap_or_else(|| [&[STORED], raw.as_slice()].concat());
    (raw.len(), body)
}

/// The events of a chunk, whose numbers begin at `base`.
pub(crate) fn decode(base: u64, body: &[u8]) -> Result<Vec<Event>, Damaged> {
    let mut events = Vec::new();
    visit(base, body, |event| events.push(event.to_owned()))?;
    Ok(events)
}

/// An event where it lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'c> {
    pub(crate) at: i64,
    pub(crate) sequence: u64,
    pub(crate) ingested_at: i64,
    pub(crate) message: &'c str,
}

impl Seen<'_> {
    pub(crate) fn to_owned(self) -> Event {
        let Self { at, sequence, ingested_at, message } = self;
        Event { at, sequence, ingested_at, message: message.to_owned() }
    }
}

/// Shows the events of a chunk one after the other. How many bytes they have.
pub(crate) fn visit(base: u64, body: &[u8], mut see: impl FnMut(Seen<'_>)) -> Result<usize, Damaged> {
    let (&format, rest) = body.split_first().ok_or(Damaged)?;
    let unpacked;
    let mut raw = match format {
        STORED => rest,
        DEFLATED => {
            let mut out = Vec::new();
            let read = DeflateDecoder::new(rest).take(LARGEST + 1).read_to_end(&mut out).map_err(|_| Damaged)?;
            if read as u64 > LARGEST {
                return Err(Damaged);
            }
            unpacked = out;
            unpacked.as_slice()
        }
        _ => return Err(Damaged),
    };
    let bytes = raw.len();
    let mut last = (0_i64, 0_i64, 0_i64);
    while !raw.is_empty() {
        last.0 = last.0.wrapping_add(take_signed(&mut raw)?);
        last.1 = last.1.wrapping_add(take_signed(&mut raw)?);
        last.2 = last.2.wrapping_add(take_signed(&mut raw)?);
        let length = usize::try_from(take_unsigned(&mut raw)?).map_err(|_| Damaged)?;
        let (message, rest) = raw.split_at_checked(length).ok_or(Damaged)?;
        let message = std::str::from_utf8(message).map_err(|_| Damaged)?;
        see(Seen { at: last.0, sequence: base.wrapping_add(last.1.cast_unsigned()), ingested_at: last.2, message });
        raw = rest;
    }
    Ok(bytes)
}

/// Seven bits a byte, the lowest first.
fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or_default());
}

/// Small numbers of either sign are short.
fn signed(out: &mut Vec<u8>, value: i64) {
    unsigned(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn take_unsigned(raw: &mut &[u8]) -> Result<u64, Damaged> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = raw.split_first().ok_or(Damaged)?;
        *raw = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Damaged)
}

fn take_signed(raw: &mut &[u8]) -> Result<i64, Damaged> {
    let value = take_unsigned(raw)?;
    Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = (0_i64..4_000_000_000_000, 1_u64..1 << 60, any::<i64>(), ".{0,40}");
        let event = event.prop_map(|(at, sequence, ingested_at, message)| Event { at, sequence, ingested_at, message });
        prop::collection::vec(event, 0..40)
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(events in events()) {
            let (_, body) = encode(&events);
            prop_assert_eq!(decode(0, &body).unwrap(), events);
        }

        #[test]
        fn what_is_damaged_is_refused_or_read_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(0, &bytes);
            let _ = decode(0, &[&[STORED], bytes.as_slice()].concat());
            let _ = decode(0, &[&[DEFLATED], bytes.as_slice()].concat());
        }
    }

    #[test]
    fn lines_of_a_program_take_a_fraction_of_their_bytes() {
        let line = |number: u64| Event {
            at: 1_800_000_000_000 + number.cast_signed() * 7,
            sequence: number + 1,
            ingested_at: 1_800_000_000_500,
            message: format!("GET /orders/{} 200 {}ms", number % 97, number % 13),
        };
        let events: Vec<Event> = (0..5000).map(line).collect();
        let (raw, body) = encode(&events);
        assert!(body.len() * 4 < raw, "{raw} bytes became {}", body.len());
    }

    #[test]
    fn what_would_unpack_to_very_much_is_refused() {
        let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::new(9));
        for _ in 0..20 {
            encoder.write_all(&vec![0; 1 << 20]).unwrap();
        }
        assert_eq!(decode(0, &encoder.finish().unwrap()), Err(Damaged));
    }
}
