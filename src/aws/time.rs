//! Times on the wire: JSON carries seconds since the epoch as a number (aws-sdk-go-v2 refuses text), XML carries
//! ISO 8601.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_times_are_numbers_and_xml_times_are_text() {
        let whole = Timestamp::from_micros(1_700_000_000_000_000);
        let fraction = Timestamp::from_micros(1_700_000_000_123_999);
        assert_eq!(serde_json::to_string(&Epoch(whole)).unwrap(), "1700000000");
        assert_eq!(serde_json::to_string(&Epoch(fraction)).unwrap(), "1700000000.123");
        assert_eq!(serde_json::to_string(&Iso(fraction)).unwrap(), "\"2023-11-14T22:13:20Z\"");
    }
}
