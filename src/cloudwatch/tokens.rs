//! Tokens of lists: sealed, and good for the list that they came from alone.

use app::api::Call;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::failures;

/// No token of ours is longer.
const LONGEST: usize = 4096;

/// Seals a place in a list. `list` says which list it is, with everything that decides what is in it.
pub(crate) fn seal<T: Serialize>(call: &Call, list: &str, place: &T) -> Result<String, Error> {
    let text = serde_json::to_vec(place).map_err(|_| app::Error::Internal)?;
    Ok(URL_SAFE_NO_PAD.encode(call.ctx.app.sealer().seal(&owner(call, list), &text)?))
}

/// The place that a token names; none if there is no token.
pub(crate) fn open<T: DeserializeOwned>(call: &Call, list: &str, token: Option<&str>) -> Result<Option<T>, Error> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let read = || {
        let sealed = (token.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(token).ok()).flatten()?;
        serde_json::from_slice(&call.ctx.app.sealer().open(&owner(call, list), &sealed)?).ok()
    };
    read().map(Some).ok_or_else(failures::bad_token)
}

fn owner(call: &Call, list: &str) -> String {
    let registry = &call.ctx.registry;
    format!("cloudwatch {} {} {list}", registry.account, registry.region)
}
