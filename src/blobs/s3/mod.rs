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
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::budget::Budget;
use crate::{Config, Error, Key, Metrics, Result, S3Config, key};

/// The driver; clones share it.
#[derive(Clone)]
pub(crate) struct S3 {
    shared: Arc<Shared>,
}

struct Shared {
    client: AmazonS3,
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
        let client = connect::bucket(s3, s3.endpoint.as_deref(), &http, metrics)?;
        let public = s3.public_endpoint.as_deref().or(s3.endpoint.as_deref());
        let public = connect::bucket(s3, public, &http, metrics)?;
        let shared = Shared {
            client,
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
