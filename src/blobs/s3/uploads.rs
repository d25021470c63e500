//! Multipart uploads as such: begin, put a part, complete, abort, and find those that nobody finished.

use std::time::SystemTime;

use http::Method;
use md5::{Digest as _, Md5};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{ObjectStoreExt, PutPayload};

use super::object::failed;
use super::{ASKING, S3};
use crate::{Error, Key, Leftover, ObjectEncryption, Part, Result, Staged, key};

/// The longest answer to a listing that is read: a thousand entries have less.
const LONGEST_LISTING: usize = 4 * 1024 * 1024;

impl S3 {
    /// Begins a multipart upload under a new key. Its object is encrypted as is said now; its parts need not say it.
    pub(super) async fn create_upload(&self, encryption: Option<&ObjectEncryption>) -> Result<NewUpload> {
        let key = Key::generate();
        let fail = |source| Error::s3("beginning an upload", source, encryption);
        let writer = self.writer(encryption).map_err(fail)?;
        let upload = writer.create_multipart(&self.path(&key)).await.map_err(fail)?;
        Ok(NewUpload { s3: self.clone(), key, upload, kept: false })
    }

    /// Stores one part of an upload that was begun with this encryption.
    pub(super) async fn put_part(
        &self,
        key: &Key,
        upload: &str,
        number: u32,
        payload: PutPayload,
        encryption: Option<&ObjectEncryption>,
    ) -> Result<Part> {
        let size = payload.content_length() as u64;
        let index = number as usize - 1;
        let part = self.shared.client.put_part(&self.path(key), &upload.to_owned(), index, payload).await;
        let part = part.map_err(|source| lost(key, "writing a part", source, encryption))?;
        Ok(Part { number, size, etag: part.content_id })
    }

    /// Makes the parts one object and says whether the answer is about these parts. A 404 may mean that an earlier try
    /// did it and its answer was lost; see `finish`.
    ///
    /// Nothing says what ETags of parts and of the whole have to do with one another where KMS encrypts, so there any is
    /// taken. Of parts that came in several appends the caller makes sure in another way.
    pub(super) async fn complete(
        &self,
        key: &Key,
        upload: &str,
        stored: &[Part],
        encryption: Option<&ObjectEncryption>,
    ) -> Result<bool> {
        let parts = stored.iter().map(|part| PartId { content_id: part.etag.clone() }).collect();
        let done = self.shared.client.complete_multipart(&self.path(key), &upload.to_owned(), parts).await;
        let done = done.map_err(|source| failed("completing an upload", key, source, encryption))?;
        let hidden = encryption.is_some_and(ObjectEncryption::hides_etags);
        Ok(hidden || done.e_tag.is_none_or(|etag| agrees(&etag, stored)))
    }

    /// Whether the object under `key` has this size and, as far as its ETag tells, these parts.
    pub(super) async fn is_made_of(&self, key: &Key, size: u64, parts: &[Part]) -> Result<bool> {
        let object = self.shared.client.head(&self.path(key)).await;
        let object = object.map_err(|source| failed("looking at a blob", key, source, None))?;
        Ok(object.size == size && object.e_tag.is_none_or(|etag| agrees(&etag, parts)))
    }

    /// Ends a multipart upload and frees its parts. Absence is fine.
    pub(crate) async fn abort_upload(&self, key: &Key, upload: &str) -> Result<()> {
        match self.shared.client.abort_multipart(&self.path(key), &upload.to_owned()).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(source) => Err(Error::S3 { operation: "aborting an upload", failure: source }),
        }
    }

    /// Removes what an upload has in the bucket.
    pub(crate) async fn abort(&self, staged: &Staged) -> Result<()> {
        let Some(remote) = &staged.remote else { return Ok(()) };
        if let Some(upload) = &remote.upload {
            self.abort_upload(&staged.key, upload).await?;
        }
        let objects: Vec<Key> = remote.tail.iter().map(|tail| &tail.key).chain(&remote.superseded).cloned().collect();
        if objects.is_empty() { Ok(()) } else { self.delete(&objects).await }
    }

    /// Incomplete multipart uploads that were begun before `before`.
    pub(crate) async fn leftovers(&self, before: SystemTime, limit: usize) -> Result<Vec<Leftover>> {
        const OPERATION: &str = "listing uploads";
        let folder = format!("{}/", self.below_prefix(key::FOLDER));
        let mut found = Vec::new();
        let mut from: Option<(String, String)> = None;
        loop {
            // object_store does not offer this request; it does sign it.
            let mut query = vec![("max-uploads".to_owned(), "1000".to_owned()), ("prefix".to_owned(), folder.clone())];
            query.push(("uploads".to_owned(), String::new()));
            if let Some((key, upload)) = from.take() {
                query.push(("key-marker".to_owned(), key));
                query.push(("upload-id-marker".to_owned(), upload));
            }
            let options = SignedUrlOptions::default().with_query(query);
            let url = self.shared.client.signed_url_opts(Method::GET, &Path::default(), ASKING, &options).await;
            let url = url.map_err(|source| Error::S3 { operation: OPERATION, failure: source })?;
            let fail = |message: String| Error::Answer { operation: OPERATION, message };
            // The address of the request is a credential: it is kept out of the message.
            let mut answer =
                self.shared.http.get(url).send().await.map_err(|error| fail(error.without_url().to_string()))?;
            if !answer.status().is_success() {
                return Err(fail(format!("the service answered {}", answer.status())));
            }
            let mut text = Vec::new();
            while let Some(piece) = answer.chunk().await.map_err(|error| fail(error.without_url().to_string()))? {
                text.extend_from_slice(&piece);
                if text.len() > LONGEST_LISTING {
                    return Err(fail("the answer is too long".to_owned()));
                }
            }
            let text = String::from_utf8(text).map_err(|_| fail("the answer is not UTF-8".to_owned()))?;
            for upload in text.split("<Upload>").skip(1) {
                let (Some(path), Some(id), Some(since)) =
                    (element(upload, "Key"), element(upload, "UploadId"), element(upload, "Initiated"))
                else {
                    return Err(fail("an entry of the listing is not complete".to_owned()));
                };
                let key = path.rsplit('/').next().and_then(Key::from_name);
                let key = key.filter(|key| self.path(key).as_ref() == path);
                let since = chrono::DateTime::parse_from_rfc3339(&since).map(SystemTime::from);
                if let (Some(key), Ok(since)) = (key, since)
                    && since < before
                {
                    found.push(Leftover { key, since, upload: Some(id) });
                }
            }
            found.truncate(limit);
            let more = element(&text, "IsTruncated").is_some_and(|text| text == "true");
            from = element(&text, "NextKeyMarker").zip(element(&text, "NextUploadIdMarker"));
            if found.len() >= limit || !more || from.is_none() {
                return Ok(found);
            }
        }
    }
}

/// Whether an object's ETag is that of these parts.
///
/// ETags are made of MD5s unless the bucket is encrypted with a KMS key. An ETag of another form says nothing and is
/// not held against the object.
fn agrees(etag: &str, parts: &[Part]) -> bool {
    let md5 = |text: &str| hex::decode(text.trim_matches('"')).ok().filter(|bytes| bytes.len() == 16);
    let Some((digest, count)) = etag.trim_matches('"').split_once('-') else { return true };
    let (Some(digest), Ok(count)) = (md5(digest), count.parse::<usize>()) else { return true };
    let mut hasher = Md5::new();
    for part in parts {
        match md5(&part.etag) {
            Some(part) => hasher.update(part),
            None => return true,
        }
    }
    count == parts.len() && hasher.finalize().as_slice() == digest
}

/// A part that cannot be stored because its upload is gone: the session has to begin again.
fn lost(
    key: &Key,
    operation: &'static str,
    source: object_store::Error,
    encryption: Option<&ObjectEncryption>,
) -> Error {
    match failed(operation, key, source, encryption) {
        Error::NotFound { key } => Error::Lost { key },
        error => error,
    }
}

/// The text of the first element with this name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let unescape = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    Some(unescape.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to)))
}

/// A multipart upload that is aborted again unless the append that began it is kept.
pub(super) struct NewUpload {
    s3: S3,
    pub(super) key: Key,
    pub(super) upload: String,
    kept: bool,
}

impl NewUpload {
    /// The caller's state has it now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for NewUpload {
    fn drop(&mut self) {
        // Outside a runtime the process is ending; the sweeper finds the upload.
        if let (false, Ok(runtime)) = (self.kept, tokio::runtime::Handle::try_current()) {
            let (s3, key, upload) = (self.s3.clone(), self.key.clone(), std::mem::take(&mut self.upload));
            runtime.spawn(async move {
                if let Err(error) = s3.abort_upload(&key, &upload).await {
                    tracing::warn!(blob.key = %key, %error, "an upload stays until the sweeper finds it");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_element_is_unescaped() {
        let xml = "<Upload><Key>a&amp;b</Key><UploadId>x==</UploadId></Upload>";
        assert_eq!(element(xml, "Key").as_deref(), Some("a&b"));
        assert_eq!(element(xml, "UploadId").as_deref(), Some("x=="));
        assert_eq!(element(xml, "Initiated"), None);
    }

    #[test]
    fn an_answer_about_other_parts_is_noticed() {
        let part = |number, etag: &str| Part { number, size: 1, etag: etag.to_owned() };
        let parts = [part(1, "\"0cc175b9c0f1b6a831c399e269772661\""), part(2, "92eb5ffee6ae2fec3ad71c777531578f")];
        // The MD5 of the MD5s of "a" and "b" behind one another.
        let both = hex::decode("0cc175b9c0f1b6a831c399e26977266192eb5ffee6ae2fec3ad71c777531578f").unwrap();
        let own = format!("\"{}-2\"", hex::encode(Md5::digest(both)));
        assert!(agrees(&own, &parts));
        assert!(!agrees(&own, &parts[..1]));
        assert!(!agrees("0cc175b9c0f1b6a831c399e269772661-2", &parts));
        assert!(agrees("opaque", &parts));
        assert!(agrees(&own, &[part(1, "opaque")]));
    }
}
