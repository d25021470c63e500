//! Pages of lists. Markers are sealed: they tell nothing, cannot be made up, and are good only for the list that they came
//! from.

use app::api::Call;
use app::page_token;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::checks;
use crate::error::{Error, Result};

/// The most elements of a page, and how many it has if the client does not say.
const MOST: usize = 400;

/// One page that is wanted, of a list that is sorted by `K`.
pub(crate) struct Paging<K> {
    list: String,
    /// The key that the page comes after; none at the beginning.
    pub(crate) after: Option<K>,
    items: usize,
}

impl<K: Serialize + DeserializeOwned> Paging<K> {
    /// Reads what a client wants. `subject` names all that decides what is in the list beside the registry.
    pub(crate) fn read(call: &Call, subject: &str, marker: Option<&str>, page_size: Option<i64>) -> Result<Self> {
        checks::range("pageSize", page_size, 1..=MOST as i64)?;
        let registry = &call.ctx.registry;
        let list = format!("elasticloadbalancing {} {} {subject}", registry.account, registry.region);
        let refused = || Error::Validation("The specified marker is not valid".to_owned());
        let after = marker
            .filter(|marker| !marker.is_empty())
            .map(|marker| page_token::open(&call.ctx.app, &list, marker).ok_or_else(refused))
            .transpose()?;
        let items = page_size.and_then(|items| usize::try_from(items).ok()).unwrap_or(MOST);
        Ok(Self { list, after, items })
    }

    /// How many elements to look for: one more than fits tells whether there are more.
    pub(crate) fn wanted(&self) -> usize {
        self.items + 1
    }

    /// The page, from the elements that were found, and where the next one begins.
    pub(crate) fn page<T>(
        self,
        call: &Call,
        mut found: Vec<T>,
        key: impl Fn(&T) -> K,
    ) -> Result<(Vec<T>, Option<String>)> {
        let marker = page_token::cut(&call.ctx.app, &self.list, &mut found, self.items, key)?;
        Ok((found, marker))
    }
}
