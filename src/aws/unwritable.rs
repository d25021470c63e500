//! Why an output cannot be written in a protocol.

use std::fmt;

use serde::ser;

/// An output that cannot be written: a fault of the program.
#[derive(Debug)]
pub(crate) struct Unwritable(pub(crate) String);

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}
