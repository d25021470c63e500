//! Pages of lists: how many elements, and where a marker says to go on. Markers are sealed: they tell nothing, cannot be
//! made up, and are good only for the list that they came from.

use app::api::Call;
use app::page_token;

use crate::error::Error;
use crate::failures;

/// How many elements a page has if the client does not say.
const DEFAULT_ITEMS: usize = 100;

/// One page that is wanted.
#[derive(Debug)]
pub(crate) struct Paging {
    /// The list, with all that decides what is in it.
    list: String,
    /// The key that the page comes after; empty at the beginning.
    pub(crate) after: String,
    /// How many elements it may have.
    pub(crate) items: usize,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// Its elements.
    pub(crate) items: Vec<T>,
    /// Whether there are more.
    pub(crate) is_truncated: bool,
    /// Where they begin.
    pub(crate) marker: Option<String>,
}

impl Paging {
    /// Reads what a client wants. `subject` names all that decides what is in the list beside account and operation.
    pub(crate) fn read(
        call: &Call,
        operation: &str,
        subject: &[&str],
        marker: Option<&str>,
        max_items: Option<i64>,
    ) -> Result<Self, Error> {
        let list = format!("{operation} {} {}", call.account(), subject.join(" "));
        let after = match marker {
            Some(marker) => {
                page_token::open(&call.ctx.app, &list, marker).ok_or_else(|| failures::validation("Invalid Marker."))?
            }
            None => String::new(),
        };
        let items = max_items.and_then(|items| usize::try_from(items).ok()).unwrap_or(DEFAULT_ITEMS).clamp(1, 1000);
        Ok(Self { list, after, items })
    }

    /// How many elements to look for: one more than fits tells whether there are more.
    pub(crate) fn wanted(&self) -> usize {
        self.items + 1
    }

    /// The page, from the elements that were found. `key` is what the list is sorted by.
    pub(crate) fn page<T>(self, call: &Call, mut found: Vec<T>, key: impl Fn(&T) -> &str) -> Result<Page<T>, Error> {
        let more = found.len() > self.items;
        found.truncate(self.items);
        self.page_of(call, found, more, |last| key(last).to_owned())
    }

    /// The page with just these elements. It may have fewer than are wanted though there are more.
    pub(crate) fn page_of<T>(
        self,
        call: &Call,
        found: Vec<T>,
        more: bool,
        key: impl FnOnce(&T) -> String,
    ) -> Result<Page<T>, Error> {
        let last = found.last().filter(|_| more);
        let marker = last.map(|last| page_token::seal(&call.ctx.app, &self.list, &key(last))).transpose()?;
        Ok(Page { items: found, is_truncated: marker.is_some(), marker })
    }
}
