//! Times on the wire: JSON carries seconds since the epoch as a number (aws-sdk-go-v2 refuses text), CBOR the same with a
//! tag, XML carries ISO 8601.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use types::Timestamp;

/// A time in an answer of a JSON service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch(pub Timestamp);

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let micros = self.0.micros();
        if micros % 1_000_000 == 0 {
            return serializer.serialize_i64(micros / 1_000_000);
        }
        // Milliseconds, as AWS sends: exact in a double for the next ten thousand years.
        serializer.serialize_f64(micros.div_euclid(1000) as f64 / 1000.0)
    }
}

impl From<Timestamp> for Epoch {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

/// A time in an answer of a Query service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Iso(pub Timestamp);

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.rfc3339())
    }
}

impl From<Timestamp> for Iso {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

/// What the seconds of a [`Moment`] are called, so that CBOR can tell them from other numbers.
pub(crate) const SECONDS: &str = "seconds since the epoch";

/// A time of a service that speaks several protocols: read from a number or from ISO 8601, and written as the protocol of
/// the answer has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Timestamp);

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // XML says of itself that it is for machines; see `query/xml.rs`.
        if serializer.is_human_readable() {
            return serializer.serialize_newtype_struct(SECONDS, &Epoch(self.0));
        }
        let whole = self.0.micros() % 1_000_000 == 0;
        let form = if whole { SecondsFormat::Secs } else { SecondsFormat::Millis };
        let time = DateTime::<Utc>::from_timestamp_micros(self.0.micros()).unwrap_or_default();
        serializer.serialize_str(&time.to_rfc3339_opts(form, true))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                match text.parse::<f64>() {
                    Ok(seconds) => self.visit_f64(seconds),
                    Err(_) => {
                        text.parse().map(Moment).map_err(|_| E::custom("a time is neither a number nor ISO 8601"))
                    }
                }
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Moment, E> {
                self.visit_f64(seconds as f64)
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Moment, E> {
                self.visit_f64(seconds as f64)
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Moment, E> {
                // To the year 9999; what is beyond is no time that anybody means.
                if !(-62_135_596_800.0..253_402_300_800.0).contains(&seconds) {
                    return Err(E::custom("a time is out of range"));
                }
                Ok(Moment(Timestamp::from_micros((seconds * 1_000.0).round() as i64 * 1_000)))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_either_form() {
        let whole = Moment(Timestamp::from_micros(1_700_000_000_000_000));
        for text in [
            "1700000000",
            "1700000000.0",
            "\"1700000000\"",
            "\"2023-11-14T22:13:20Z\"",
            "\"2023-11-14T23:13:20+01:00\"",
        ] {
            assert_eq!(serde_json::from_str::<Moment>(text).unwrap(), whole, "{text}");
        }
        for text in ["1e300", "-1e300", "\"NaN\"", "\"yesterday\"", "true", "null"] {
            assert!(serde_json::from_str::<Moment>(text).is_err(), "{text}");
        }
        assert_eq!(serde_json::to_string(&whole).unwrap(), "1700000000");
    }

    #[test]
    fn json_times_are_numbers_and_xml_times_are_text() {
        let whole = Timestamp::from_micros(1_700_000_000_000_000);
        let fraction = Timestamp::from_micros(1_700_000_000_123_999);
        assert_eq!(serde_json::to_string(&Epoch(whole)).unwrap(), "1700000000");
        assert_eq!(serde_json::to_string(&Epoch(fraction)).unwrap(), "1700000000.123");
        assert_eq!(serde_json::to_string(&Iso(fraction)).unwrap(), "\"2023-11-14T22:13:20Z\"");
    }
}
