//! `n` and `last`, and the `Link` to the next page (distribution-spec, "Listing Tags" and "Listing Referrers").

use form_urlencoded::Serializer;
use http::HeaderValue;

use crate::error::WireError;
use crate::query::Query;

/// Entries of a page at most; a larger `n` is cut without a word, as the specification allows.
const MAX: usize = 1000;

/// Which page is asked for.
pub(crate) struct Page {
    /// Entries at most.
    pub(crate) limit: usize,
    /// What to continue after; empty for the first page.
    pub(crate) last: String,
    given: bool,
    /// The other parameters, which the link keeps.
    kept: Vec<(String, String)>,
}

impl Page {
    pub(crate) fn parse(query: &Query) -> Result<Self, WireError> {
        let n = query.get("n");
        let limit = match n {
            None => MAX,
            // All digits is a number, however large; anything else is not.
            Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().unwrap_or(MAX).min(MAX)
            }
            Some(_) => return Err(WireError::pagination()),
        };
        let last = query.get("last").unwrap_or_default();
        // No name holds it, and Postgres takes it in no text.
        if last.contains('\0') {
            return Err(WireError::pagination());
        }
        let kept = query.others(&["n", "last"]);
        Ok(Self { limit, last: last.to_owned(), given: n.is_some(), kept })
    }

    /// The link to the page after `last`.
    pub(crate) fn link(&self, path: &str, last: &str) -> HeaderValue {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(&self.kept);
        query.append_pair("last", last);
        if self.given {
            query.append_pair("n", &self.limit.to_string());
        }
        let link = format!("<{path}?{}>; rel=\"next\"", query.finish());
        HeaderValue::from_str(&link).expect("an encoded query holds only visible ASCII")
    }
}
