//! Request bodies that come packed: botocore does so with large ones of `PutMetricData`. What comes out is bounded by what
//! the operation takes.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::{Common, Fault, Head};

/// The body as the operation is to see it, at most `limit` bytes.
pub(crate) fn unpacked(head: &Head, body: &Bytes, limit: usize) -> Result<Bytes, Fault> {
    match head.header("content-encoding") {
        None | Some("identity") => Ok(body.clone()),
        Some("gzip") => {
            let mut out = Vec::new();
            let read = MultiGzDecoder::new(body.as_ref()).take(limit as u64 + 1).read_to_end(&mut out);
            match read {
                Ok(read) if read <= limit => Ok(Bytes::from(out)),
                Ok(_) => {
                    let message = format!("The request body is larger than {limit} bytes.");
                    Err(Fault::common(Common::TooLarge, message))
                }
                Err(_) => Err(Fault::common(Common::Serialization, "The body of the request is not gzip.")),
            }
        }
        Some(_) => Err(Fault::common(Common::Serialization, "The encoding of the body is not supported.")),
    }
}
