//! Pages of lists.

use app::api::Call;
use app::page_token;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// A list, with everything that decides what is in it.
pub(crate) struct List<'c> {
    call: &'c Call,
    owner: String,
}

impl<'c> List<'c> {
    pub(crate) fn new(call: &'c Call, list: &str) -> Self {
        let registry = &call.ctx.registry;
        Self { call, owner: format!("secrets {} {} {list}", registry.account, registry.region) }
    }

    /// The place that a token names; none at the beginning.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        token: Option<&str>,
        bad: fn() -> Error,
    ) -> Result<Option<T>, Error> {
        token.map(|token| page_token::open(&self.call.ctx.app, &self.owner, token).ok_or_else(bad)).transpose()
    }

    /// The token of a place.
    pub(crate) fn seal<T: Serialize>(&self, place: &T) -> Result<String, Error> {
        Ok(page_token::seal(&self.call.ctx.app, &self.owner, place)?)
    }

    /// The token for what comes after `limit` of these, if there is more; that is cut off.
    pub(crate) fn cut<R, T: Serialize>(
        &self,
        rows: &mut Vec<R>,
        limit: usize,
        place: impl FnOnce(&R) -> T,
    ) -> Result<Option<String>, Error> {
        Ok(page_token::cut(&self.call.ctx.app, &self.owner, rows, limit, place)?)
    }
}
