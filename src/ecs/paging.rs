//! Pages of lists: `maxResults` from 1 to 100, and a `nextToken` that is sealed: it tells nothing, cannot be made up, and is
//! good only for the list that it came from.

use app::api::Call;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Result};

/// The longest page.
const MOST: i64 = 100;

/// Longer than any token of ours.
const LONGEST: usize = 2048;

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
            Some(token) => open(call, &list, token)
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
        let more = found.len() > self.items;
        found.truncate(self.items);
        let last = found.last().filter(|_| more);
        let next_token = last.map(|last| seal(call, &self.list, key(last))).transpose()?;
        Ok((found, next_token))
    }
}

fn seal(call: &Call, list: &str, key: &str) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(call.ctx.app.sealer().seal(list, key.as_bytes())?))
}

fn open(call: &Call, list: &str, token: &str) -> Option<String> {
    if token.len() > LONGEST {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    Some(call.ctx.app.sealer().open_text(list, &sealed)?.expose().to_owned())
}
