//! One upload session, driven step by step. The location moves on as the specification asks: the next request goes where the
//! last answer said.

use bytes::Bytes;
use futures_util::stream;

use super::answer::Answer;
use super::client::{Client, encode};

/// An open upload session.
#[derive(Clone, Debug)]
pub struct Upload {
    client: Client,
    /// Where the next request goes.
    pub location: String,
}

impl Upload {
    /// The session that an answer with a `Location` opened.
    pub fn new(client: Client, answer: &Answer) -> Self {
        Self { client, location: answer.header("location").to_owned() }
    }

    /// The same session through another client, on another replica for example.
    #[must_use]
    pub fn through(&self, client: &Client) -> Self {
        let path = match self.location.find("/v2/") {
            Some(at) => self.location[at..].to_owned(),
            None => self.location.clone(),
        };
        Self { client: client.clone(), location: path }
    }

    /// PATCH without a range: append as a stream of known length.
    pub async fn append(&mut self, bytes: &[u8]) -> Answer {
        let call = self.client.patch(&self.location).header("content-type", "application/octet-stream");
        let answer = call.body(bytes.to_vec()).send().await;
        self.follow(&answer);
        answer
    }

    /// PATCH with `Transfer-Encoding: chunked` and no content type, as docker sends it.
    pub async fn append_streamed(&mut self, bytes: &[u8], piece: usize) -> Answer {
        let pieces: Vec<_> = bytes.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let answer = self.client.patch(&self.location).stream(stream::iter(pieces)).send().await;
        self.follow(&answer);
        answer
    }

    /// PATCH with a `Content-Range` of the caller's choice.
    pub async fn append_range(&mut self, range: &str, bytes: &[u8]) -> Answer {
        let call = self.client.patch(&self.location).header("content-type", "application/octet-stream");
        let answer = call.header("content-range", range).body(bytes.to_vec()).send().await;
        self.follow(&answer);
        answer
    }

    /// PATCH of the chunk that begins at `offset`.
    pub async fn append_at(&mut self, offset: usize, bytes: &[u8]) -> Answer {
        self.append_range(&format!("{offset}-{}", offset + bytes.len() - 1), bytes).await
    }

    /// GET: how far the session is.
    pub async fn status(&self) -> Answer {
        self.client.get(&self.location).send().await
    }

    /// DELETE: give it up.
    pub async fn cancel(&self) -> Answer {
        self.client.delete(&self.location).send().await
    }

    /// Closing PUT without a body.
    pub async fn close(&self, digest: &str) -> Answer {
        self.close_with(digest, Vec::new()).await
    }

    /// Closing PUT with the last bytes.
    pub async fn close_with(&self, digest: &str, bytes: Vec<u8>) -> Answer {
        let call = self.client.put(&self.closing(digest)).header("content-type", "application/octet-stream");
        call.body(bytes).send().await
    }

    /// Closing PUT with the last bytes and a range.
    pub async fn close_range(&self, digest: &str, range: &str, bytes: &[u8]) -> Answer {
        let call = self.client.put(&self.closing(digest)).header("content-type", "application/octet-stream");
        call.header("content-range", range).body(bytes.to_vec()).send().await
    }

    /// The location with the digest added to whatever query it has.
    pub fn closing(&self, digest: &str) -> String {
        let separator = if self.location.contains('?') { '&' } else { '?' };
        format!("{}{separator}digest={}", self.location, encode(digest))
    }

    fn follow(&mut self, answer: &Answer) {
        if let Some(location) = answer.header_opt("location") {
            self.location = location.to_owned();
        }
    }
}
