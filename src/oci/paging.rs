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
        Ok(Self { limit, last: query.get("last").unwrap_or_default().to_owned(), given: n.is_some() })
    }

    /// The link to the page after `last`. Parameters other than the two are kept by the caller in `kept`.
    pub(crate) fn link(&self, path: &str, last: &str, kept: &[(&str, &str)]) -> HeaderValue {
        let mut query = Serializer::new(String::new());
        for (name, value) in kept {
            query.append_pair(name, value);
        }
        query.append_pair("last", last);
        if self.given {
            query.append_pair("n", &self.limit.to_string());
        }
        let link = format!("<{path}?{}>; rel=\"next\"", query.finish());
        HeaderValue::from_str(&link).expect("an encoded query holds only visible ASCII")
    }
}
