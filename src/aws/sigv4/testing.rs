//! Requests from the text of HTTP/1.1, for tests of this crate.

use bytes::Bytes;
use http::Request;
use types::Timestamp;

use crate::Head;

/// Head and body of a request, or what is wrong with the text.
pub(crate) fn parse(text: &[u8]) -> Result<(Head, Bytes), String> {
    let end = text.windows(2).position(|pair| pair == b"\n\n").map(|at| (at, at + 2));
    let end = text.windows(4).position(|four| four == b"\r\n\r\n").map(|at| (at, at + 4)).or(end);
    let (end, body) = end.ok_or("no end of the head")?;
    let mut lines = text[..end].split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let line: Vec<&[u8]> = lines.next().unwrap_or_default().split(|byte| *byte == b' ').collect();
    let [method, target, _] = line[..] else {
        return Err("no request line".to_owned());
    };
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').ok_or("no colon")?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    let (parts, ()) = request.body(()).map_err(|error| error.to_string())?.into_parts();
    let head = Head {
        parts,
        source: [127, 0, 0, 1].into(),
        secure: false,
        host: None,
        request_id: "00000000-0000-0000-0000-000000000000".to_owned(),
        received_at: Timestamp::from_micros(0),
    };
    Ok((head, Bytes::copy_from_slice(&text[body..])))
}
