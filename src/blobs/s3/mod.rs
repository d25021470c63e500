//! Blobs in a bucket of an S3-compatible service.
//!
//! An upload writes straight to the key that its object will have, so there is no copy, no rename, no HEAD and no LIST
//! on the way in: a blob smaller than a part is one PUT, a larger one is its parts and two more requests. What the
//! service does not offer everywhere (conditional writes, listing of parts) is not relied on.

mod append;
pub(crate) mod connect;
mod finish;
mod hashing;
mod object;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use http::Method;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::budget::Budget;
use crate::{Config, Error, Key, Metrics, ObjectEncryption, Result, S3Config, key};

/// How long an address that is signed for a request of our own is valid.
const ASKING: Duration = Duration::from_secs(60);

/// The driver; clones share it.
#[derive(Clone)]
pub(crate) struct S3 {
    shared: Arc<Shared>,
}

struct Shared {
    client: AmazonS3,
    /// Makes clients like the one above, with its credentials, for objects that are to be encrypted in some way.
    builder: AmazonS3Builder,
    /// Signs addresses for clients, which may reach the service under another name.
    public: AmazonS3,
    /// For the one request that object_store does not offer.
    http: reqwest::Client,
    prefix: String,
    budget: Budget,
    idle_timeout: Duration,
    part_size: usize,
    smallest_part: usize,
    largest_part: usize,
}

impl S3 {
    /// Prepares the clients. Makes no request.
    pub(crate) fn open(s3: &S3Config, config: &Config, budget: Budget, metrics: &Metrics) -> Result<Self> {
        let http = connect::http_client(s3)?;
        let builder = connect::builder(s3, s3.endpoint.as_deref(), &http, metrics);
        let client = connect::bucket(builder.clone())?;
        let builder = builder.with_credentials(Arc::clone(client.credentials()));
        let public = s3.public_endpoint.as_deref().or(s3.endpoint.as_deref());
        let public = connect::bucket(connect::builder(s3, public, &http, metrics))?;
        let shared = Shared {
            client,
            builder,
            public,
            http,
            prefix: s3.prefix.clone(),
            budget,
            idle_timeout: config.idle_timeout,
            part_size: config.part_size,
            smallest_part: config.smallest_part,
            // Growing parts must not let one upload take the whole budget.
            largest_part: config.part_size.max(config.memory_budget / 4),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The client that writes new objects that are to be encrypted so. One is made for each object: that takes
    /// microseconds, shares connections and credentials with all others, and needs no cache that grows with keys.
    pub(crate) fn writer(&self, encryption: Option<&ObjectEncryption>) -> object_store::Result<AmazonS3> {
        match encryption {
            None => Ok(self.shared.client.clone()),
            Some(encryption) => encryption.applied_to(self.shared.builder.clone())?.build(),
        }
    }

    /// What the service says that an object is encrypted with.
    pub(crate) async fn encryption(&self, key: &Key) -> Result<Option<String>> {
        const OPERATION: &str = "asking how a blob is encrypted";
        // object_store does not show this header; it does sign the request.
        let url = self.shared.client.signed_url(Method::HEAD, &self.path(key), ASKING).await;
        let url = url.map_err(|source| Error::S3 { operation: OPERATION, failure: source })?;
        let fail = |message: String| Error::Answer { operation: OPERATION, message };
        // The address of the request is a credential: it is kept out of the message.
        let answer = self.shared.http.head(url).send().await.map_err(|error| fail(error.without_url().to_string()))?;
        if !answer.status().is_success() {
            return Err(fail(format!("the service answered {}", answer.status())));
        }
        let said = answer.headers().get("x-amz-server-side-encryption");
        Ok(said.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))
    }

    /// Where an object is in the bucket.
    fn path(&self, key: &Key) -> Path {
        self.below_prefix(key.as_str())
    }

    fn below_prefix(&self, name: &str) -> Path {
        if self.shared.prefix.is_empty() {
            Path::from(name)
        } else {
            Path::from(format!("{}/{name}", self.shared.prefix))
        }
    }

    /// Removes objects.
    pub(crate) async fn delete(&self, keys: &[Key]) -> Result<()> {
        let gone = |result: object_store::Result<()>| match result {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            result => result.map_err(|source| Error::S3 { operation: "removing a blob", failure: source }),
        };
        if let [key] = keys {
            return gone(self.shared.client.delete(&self.path(key)).await);
        }
        let paths: Vec<_> = keys.iter().map(|key| Ok(self.path(key))).collect();
        let mut results = self.shared.client.delete_stream(stream::iter(paths).boxed());
        while let Some(result) = results.next().await {
            gone(result.map(drop))?;
        }
        Ok(())
    }

    /// The first objects behind `after`. The service lists in the order of bytes.
    pub(crate) async fn list(&self, after: Option<&Key>, limit: usize) -> Result<Vec<(Key, u64)>> {
        let folder = self.below_prefix(key::FOLDER);
        let listed = match after {
            Some(after) => self.shared.client.list_with_offset(Some(&folder), &self.path(after)),
            None => self.shared.client.list(Some(&folder)),
        };
        let found = listed.try_filter_map(async |object| {
            let key = object.location.as_ref().rsplit('/').next().and_then(Key::from_name);
            Ok(key.filter(|key| self.path(key) == object.location).map(|key| (key, object.size)))
        });
        let page = found.take(limit).try_collect().await;
        page.map_err(|source| Error::S3 { operation: "listing blobs", failure: source })
    }

    /// An address that anyone can read the object from.
    pub(crate) async fn signed_url(&self, key: &Key, ttl: Duration) -> Result<String> {
        let url = self.shared.public.signed_url(Method::GET, &self.path(key), ttl).await;
        let url = url.map_err(|source| Error::S3 { operation: "signing an address", failure: source })?;
        Ok(url.into())
    }
}
