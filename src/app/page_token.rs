//! Places to continue a list at, as clients see them: sealed, so that they tell nothing and cannot be made up, and bound
//! to the list that they came from.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{App, Error, Result};

/// No token of ours is longer; what is longer is not looked at.
const MAX_LENGTH: usize = 4096;

/// Seals a place in a list. `list` says which list it is, with everything that decides what is in it.
pub fn seal<T: Serialize>(app: &App, list: &str, place: &T) -> Result<String> {
    let text = serde_json::to_vec(place).map_err(|_| Error::Internal)?;
    Ok(URL_SAFE_NO_PAD.encode(app.sealer.seal(list, &text)?))
}

/// The place in a list that a token names. None if the token was not made here for this list.
pub fn open<T: DeserializeOwned>(app: &App, list: &str, token: &str) -> Option<T> {
    if token.len() > MAX_LENGTH {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    serde_json::from_slice(&app.sealer.open(list, &sealed)?).ok()
}

/// Cuts what was found down to a page of `items`. Whoever looked for one more than that knows by it whether there is more:
/// then the token says where, by the `place` of the last that is on the page.
pub fn cut<T, P: Serialize>(
    app: &App,
    list: &str,
    found: &mut Vec<T>,
    items: usize,
    place: impl FnOnce(&T) -> P,
) -> Result<Option<String>> {
    let more = found.len() > items;
    found.truncate(items);
    let last = found.last().filter(|_| more);
    last.map(|last| seal(app, list, &place(last))).transpose()
}

/// The place that the parameter `nextToken` of an AWS operation names; the beginning if there is none.
pub(crate) fn open_next<T: DeserializeOwned>(app: &App, list: &str, next_token: Option<&str>) -> Result<Option<T>> {
    let Some(token) = next_token else {
        return Ok(None);
    };
    let refused =
        || Error::InvalidParameter { parameter: "nextToken", constraint: "Invalid pagination token".to_owned() };
    open(app, list, token).map(Some).ok_or_else(refused)
}
