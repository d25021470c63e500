//! Pages of lists: `maxResults` from 1 to 100, and a `nextToken` that is sealed: it tells nothing, cannot be made up, and is
//! good only for the list that it came from.

use app::api::Call;
use app::page_token;

use crate::error::{Error, Result};

/// The longest page.
const MOST: i64 = 100;

/// One page that is wanted.
#[derive(Debug)]
pub(crate) struct Paging {
    /// The list, with all that decides what is in it.
    list: String,
    /// The key that the page comes after; empty at the beginning.
    pub(crate) after: String,
    /// How many elements it may have.
    items: usize,
}

impl Paging {
    /// Reads what a client wants. `subject` names all that decides what is in the list beside account, region and
    /// operation; `default` is the length of a page if the client does not say.
    pub(crate) fn read(
        call: &Call,
        operation: &str,
        subject: &[&str],
        next_token: Option<&str>,
        max_results: Option<i64>,
        default: usize,
    ) -> Result<Self> {
        let list = format!("{operation} {}/{} {}", call.account(), call.ctx.registry.region, subject.join(" "));
        let after = match next_token {
            Some(token) => page_token::open(&call.ctx.app, &list, token)
                .ok_or_else(|| Error::InvalidParameter("Invalid token. Try again with a valid token.".to_owned()))?,
            None => String::new(),
        };
        let items = match max_results {
            None => default,
            Some(wanted) => usize::try_from(wanted).ok().filter(|_| (1..=MOST).contains(&wanted)).ok_or_else(|| {
                Error::InvalidParameter(format!("maxResults must be between 1 and {MOST}, inclusive."))
            })?,
        };
        Ok(Self { list, after, items })
    }

    /// How many elements to look for: one more than fits tells whether there are more.
    pub(crate) fn wanted(&self) -> usize {
        self.items + 1
    }

    /// The page and where the next begins, from the elements that were found. `key` is what the list is sorted by.
    pub(crate) fn page<T>(
        self,
        call: &Call,
        mut found: Vec<T>,
        key: impl Fn(&T) -> &str,
    ) -> Result<(Vec<T>, Option<String>)> {
        let place = |last: &T| key(last).to_owned();
        let next_token = page_token::cut(&call.ctx.app, &self.list, &mut found, self.items, place)?;
        Ok((found, next_token))
    }
}
