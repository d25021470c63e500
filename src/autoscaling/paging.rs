//! Pages of lists.

use app::api::Call;
use app::page_token;
use aws::Violations;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::failures;

/// Reads `MaxResults`.
pub(crate) fn limit(given: Option<i64>) -> Result<usize, Error> {
    const MOST: i64 = 50;
    let given = given.unwrap_or(MOST);
    let mut violations = Violations::new();
    violations.range("maxResults", given, 1..=i64::MAX);
    failures::finish(&violations)?;
    Ok(usize::try_from(given.min(MOST)).unwrap_or(1))
}

/// The place that a token names; none at the beginning.
pub(crate) fn open<T: DeserializeOwned>(call: &Call, list: &str, token: Option<&str>) -> Result<Option<T>, Error> {
    let owner = owner(call, list);
    token.map(|token| page_token::open(&call.ctx.app, &owner, token).ok_or_else(failures::bad_token)).transpose()
}

/// The token for what comes after `limit` of these, if there is more; that is cut off.
pub(crate) fn cut<R, T: Serialize>(
    call: &Call,
    list: &str,
    rows: &mut Vec<R>,
    limit: usize,
    place: impl FnOnce(&R) -> T,
) -> Result<Option<String>, Error> {
    Ok(page_token::cut(&call.ctx.app, &owner(call, list), rows, limit, place)?)
}

fn owner(call: &Call, list: &str) -> String {
    let registry = &call.ctx.registry;
    format!("application-autoscaling {} {} {list}", registry.account, registry.region)
}
