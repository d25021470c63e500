//! Where reading goes on, as clients see it. Places in a stream are plain: whoever has one may read the stream anyway. Those
//! in a group are sealed and good for one search alone.

use app::api::Call;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::event::Key;
use crate::failures;
use crate::read::Direction;

/// No token of ours is longer.
const LONGEST: usize = 4096;

/// The token behind (`f/…`) or before (`b/…`) a place in a stream.
pub(crate) fn in_stream(direction: Direction, at: i64, sequence: u64) -> String {
    let letter = match direction {
        Direction::Forward => 'f',
        Direction::Backward => 'b',
    };
    format!("{letter}/{at:020}{sequence:020}/s")
}

/// The place in a stream that a token names.
pub(crate) fn read_in_stream(token: &str) -> Result<(Direction, i64, u64), Error> {
    let read = || {
        let (letter, rest) = token.split_once('/')?;
        let direction = match letter {
            "f" => Direction::Forward,
            "b" => Direction::Backward,
            _ => return None,
        };
        let digits = rest.strip_suffix("/s").filter(|digits| digits.len() == 40)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (at, sequence) = digits.split_at(20);
        Some((direction, at.parse().ok()?, sequence.parse().ok()?))
    };
    read().ok_or_else(failures::bad_token)
}

/// Seals a place in a list. `list` says which list it is, with everything that decides what is in it.
pub(crate) fn seal<T: Serialize>(call: &Call, list: &str, place: &T) -> Result<String, Error> {
    let text = serde_json::to_vec(place).map_err(|_| app::Error::Internal)?;
    let registry = &call.ctx.registry;
    let owner = format!("logs {} {} {list}", registry.account, registry.region);
    Ok(URL_SAFE_NO_PAD.encode(call.ctx.app.sealer().seal(&owner, &text)?))
}

/// The place that a token of [`seal`] names; none if there is no token.
pub(crate) fn open<T: DeserializeOwned>(call: &Call, list: &str, token: Option<&str>) -> Result<Option<T>, Error> {
    let Some(token) = token else {
        return Ok(None);
    };
    let registry = &call.ctx.registry;
    let owner = format!("logs {} {} {list}", registry.account, registry.region);
    let read = || {
        let sealed = (token.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(token).ok()).flatten()?;
        serde_json::from_slice(&call.ctx.app.sealer().open(&owner, &sealed)?).ok()
    };
    read().map(Some).ok_or_else(failures::bad_token)
}

/// The id of an event: it stays the same wherever the event is moved to.
pub(crate) fn event_id(key: &Key) -> String {
    // Ids of streams begin with their time, so what tells them apart is at their end.
    let end = key.stream.get(16..).and_then(|end| u64::from_str_radix(end, 16).ok()).unwrap_or_default();
    format!("{:016}{end:020}{:020}", key.at, key.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_stream_are_read_back() {
        for (direction, at, sequence) in
            [(Direction::Forward, 0, 0), (Direction::Backward, 1_800_000_000_000, u64::MAX), (Direction::Forward, 1, 7)]
        {
            let token = in_stream(direction, at, sequence);
            assert_eq!(read_in_stream(&token).unwrap(), (direction, at, sequence));
        }
        for bad in ["", "f", "f/", "x/0", "f/1/s", "f/-0000000000000000001000000000000000000000/s"] {
            assert!(read_in_stream(bad).is_err(), "{bad}");
        }
        assert!(read_in_stream(&format!("f/{}/s", "9".repeat(40))).is_err());
    }

    #[test]
    fn ids_of_events_have_56_digits() {
        let key = Key { at: 1_800_000_000_000, stream: "019a0000000070008000ffffffffffff".to_owned(), sequence: 7 };
        let id = event_id(&key);
        assert!(id.len() == 56 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    }
}
