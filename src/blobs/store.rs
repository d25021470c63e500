//! The blob store that the rest of Wharf sees: one set of operations over either driver.
//!
//! It counts and times what the drivers do and checks what does not depend on them; it has no rules of its own about
//! which blobs there are.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt};
use types::Digest;

use crate::budget::Budget;
use crate::disk::Disk;
use crate::handover::Handover;
use crate::incoming::{Body, BoxError, Incoming};
use crate::metrics::{InFlight, Operation};
use crate::s3::S3;
use crate::{Append, Config, Error, Key, Leftover, Location, Metrics, ObjectEncryption, Result, Staged};

/// The bytes of an object, in order. Dropping it ends the read.
pub type ReadStream = BoxStream<'static, Result<Bytes>>;

/// An object that is whole and durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Where it is.
    pub key: Key,
    /// How many bytes it has.
    pub size: u64,
}

/// The blob store; clones share it.
#[derive(Clone)]
pub struct Blobs {
    shared: Arc<Shared>,
}

struct Shared {
    driver: Driver,
    idle_timeout: Duration,
    metrics: Metrics,
}

enum Driver {
    Disk(Disk),
    S3(S3),
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let driver = match &self.shared.driver {
            Driver::Disk(_) => "disk",
            Driver::S3(_) => "s3",
        };
        f.debug_tuple("Blobs").field(&driver).finish()
    }
}

impl Blobs {
    /// Opens the storage: makes the directories of a disk, prepares the client of a bucket (without a request to it).
    pub async fn open(config: Config) -> Result<Self> {
        config.validate()?;
        let metrics = Metrics::default();
        let budget = Budget::new(config.memory_budget, metrics.budget_in_use.clone());
        let driver = match &config.location {
            Location::Disk { root, low_water } => Driver::Disk(Disk::open(root.clone(), *low_water, budget).await?),
            Location::S3(s3) => Driver::S3(S3::open(s3, &config, budget, &metrics)?),
        };
        Ok(Self { shared: Arc::new(Shared { driver, idle_timeout: config.idle_timeout, metrics }) })
    }

    /// What this store counts.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// A new upload under a new key. Does no I/O; [`Error::NoSpace`] when the disk is below its reserve.
    ///
    /// S3 is asked to encrypt everything that is stored of it with `encryption`. A disk can be asked for none.
    pub fn begin(&self, encryption: Option<ObjectEncryption>) -> Result<Staged> {
        match (&self.shared.driver, encryption) {
            (Driver::Disk(disk), None) => disk.space().require(0).map(|()| Staged::on_disk()),
            (Driver::Disk(_), Some(_)) => {
                Err(Error::Config { message: "a disk encrypts nothing; only S3 can be asked for it".to_owned() })
            }
            (Driver::S3(_), encryption) => Ok(Staged::on_s3(encryption)),
        }
    }

    /// Streams `body` onto the end of `staged`, hashing and writing in one pass with bounded memory.
    ///
    /// On `Ok`, and on [`Error::Body`] (the client went away or fell silent), `staged` is durable up to its offset,
    /// except after a closing append, whose last bytes become durable in [`Blobs::finish`]. On any other error `staged`
    /// is as it was. Dropping the future leaves `staged` as it was; what it had written is overwritten later. To keep
    /// what a client that hung up had sent, run the call in a task of its own and keep the state that it ends with.
    ///
    /// Going on from an earlier clone of `staged` is right at any time. When two clones go on, one may fail later, but
    /// nothing is stored under a digest that it does not have.
    pub async fn append<S, E>(&self, staged: &mut Staged, body: S, about: Append) -> Result<()>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Send,
        E: Into<BoxError>,
    {
        let shared = &self.shared;
        let _in_flight = InFlight::begin(&shared.metrics.uploads_in_flight);
        let body: Body<'_> = body.map_err(Into::into).boxed();
        let work = async {
            let incoming = Incoming::new(body, &about, shared.idle_timeout)?;
            let before = staged.offset;
            let result = match &shared.driver {
                Driver::Disk(disk) => disk.append(staged, incoming, &about).await,
                // Boxed, because it is several times as large, and every upload would carry that for as long as it takes.
                Driver::S3(s3) => Box::pin(s3.append(staged, incoming, &about)).await,
            };
            shared.metrics.bytes_written.inc_by(staged.offset.saturating_sub(before));
            result
        };
        shared.metrics.time(Operation::Append, work).await
    }

    /// Verifies the digest of everything that was appended and makes the object final and durable.
    ///
    /// After [`Error::DigestMismatch`] the upload can go on, unless its last append was a closing one: then it can go
    /// on from a clone of the state before that. After a success, ask [`Staged::take_superseded`] what is no longer
    /// needed. Calling it again after a success is right and answers the same.
    pub async fn finish(&self, staged: &mut Staged, expected: &Digest) -> Result<Finished> {
        let work = async {
            match &self.shared.driver {
                Driver::Disk(disk) => disk.finish(staged, expected).await,
                Driver::S3(s3) => Box::pin(s3.finish(staged, expected)).await,
            }
        };
        self.shared.metrics.time(Operation::Finish, work).await
    }

    /// Removes what is staged. Absence is fine. Must not be called for an upload whose finished object a row points to:
    /// on S3 the staged bytes of a small blob are the object.
    pub async fn abort(&self, staged: &Staged) -> Result<()> {
        let work = async {
            match &self.shared.driver {
                Driver::Disk(disk) => disk.abort(&staged.key).await,
                Driver::S3(s3) => s3.abort(staged).await,
            }
        };
        self.shared.metrics.time(Operation::Abort, work).await
    }

    /// The bytes of an object in `range`, which must lie within it. [`Error::NotFound`] when there is no object.
    ///
    /// With a `handover`, whatever the stream gives must be sent on that connection, in order: it may be a placeholder.
    pub async fn read(&self, key: &Key, range: Range<u64>, handover: Option<&Handover>) -> Result<ReadStream> {
        let work = async {
            match &self.shared.driver {
                Driver::Disk(disk) => disk.read(key, range, handover).await,
                Driver::S3(s3) => s3.read(key, range).await,
            }
        };
        let stream = self.shared.metrics.time(Operation::Read, work).await?;
        let read = self.shared.metrics.bytes_read.clone();
        Ok(stream.inspect_ok(move |bytes| _ = read.inc_by(bytes.len() as u64)).boxed())
    }

    /// The size of an object, or `None` when there is none.
    pub async fn size(&self, key: &Key) -> Result<Option<u64>> {
        let work = async {
            match &self.shared.driver {
                Driver::Disk(disk) => disk.size(key).await,
                Driver::S3(s3) => s3.size(key).await,
            }
        };
        self.shared.metrics.time(Operation::Size, work).await
    }

    /// Removes objects. Absence is fine.
    pub async fn delete(&self, keys: &[Key]) -> Result<()> {
        let work = async {
            match &self.shared.driver {
                Driver::Disk(disk) => disk.delete(keys).await,
                Driver::S3(s3) => s3.delete(keys).await,
            }
        };
        self.shared.metrics.time(Operation::Delete, work).await
    }

    /// Up to `limit` objects behind `after`, in the order of their keys, with their sizes. For `fsck` only.
    pub async fn list(&self, after: Option<&Key>, limit: usize) -> Result<Vec<(Key, u64)>> {
        let work = async {
            match &self.shared.driver {
                Driver::Disk(disk) => disk.list(after, limit).await,
                Driver::S3(s3) => s3.list(after, limit).await,
            }
        };
        self.shared.metrics.time(Operation::List, work).await
    }

    /// Moves an object out of the way, below `quarantine/`, where nothing reads it. Absence is fine.
    pub async fn quarantine(&self, key: &Key) -> Result<()> {
        let work = async {
            match &self.shared.driver {
                Driver::Disk(disk) => disk.quarantine(key).await,
                Driver::S3(s3) => s3.quarantine(key).await,
            }
        };
        self.shared.metrics.time(Operation::Quarantine, work).await
    }

    /// Staged uploads that were not written to since `before`, at most `limit`; see [`Leftover`].
    pub async fn leftovers(&self, before: SystemTime, limit: usize) -> Result<Vec<Leftover>> {
        let work = async {
            match &self.shared.driver {
                Driver::Disk(disk) => disk.leftovers(before, limit).await,
                Driver::S3(s3) => s3.leftovers(before, limit).await,
            }
        };
        self.shared.metrics.time(Operation::Leftovers, work).await
    }

    /// Removes a staged upload that no session owns.
    pub async fn discard(&self, leftover: &Leftover) -> Result<()> {
        let work = async {
            match (&self.shared.driver, &leftover.upload) {
                (Driver::Disk(disk), _) => disk.abort(&leftover.key).await,
                (Driver::S3(s3), Some(upload)) => s3.abort_upload(&leftover.key, upload).await,
                (Driver::S3(_), None) => Ok(()),
            }
        };
        self.shared.metrics.time(Operation::Abort, work).await
    }

    /// Writes a small object with this encryption, reads it back and removes it: proves that the storage works.
    pub async fn probe(&self, encryption: Option<ObjectEncryption>) -> Result<()> {
        self.try_out(encryption, false).await
    }

    /// The same, and it is an error if S3 does not say that the object is encrypted as it was asked for.
    pub async fn prove(&self, encryption: ObjectEncryption) -> Result<()> {
        self.try_out(Some(encryption), true).await
    }

    async fn try_out(&self, encryption: Option<ObjectEncryption>, prove: bool) -> Result<()> {
        let work = async {
            let content = Bytes::from_static(b"wharf probe");
            let digest = types::Algorithm::Sha256.digest(&content);
            let asked = encryption.as_ref().filter(|_| prove).map(ObjectEncryption::algorithm);
            let mut staged = self.begin(encryption)?;
            let about = Append { closing: true, length: Some(content.len() as u64), limit: None };
            let body = futures_util::stream::iter([Ok::<_, Error>(content.clone())]);
            self.append(&mut staged, body, about).await?;
            let finished = self.finish(&mut staged, &digest).await?;
            let found = self.read_back(&finished, &content, asked).await;
            // Whatever was found: one that is asked often would else leave an object each time.
            self.delete(std::slice::from_ref(&finished.key)).await?;
            found
        };
        self.shared.metrics.time(Operation::Probe, work).await
    }

    /// Whether an object holds these bytes, and is encrypted as S3 was `asked` to encrypt it.
    async fn read_back(&self, object: &Finished, content: &Bytes, asked: Option<&str>) -> Result<()> {
        let back: Vec<Bytes> = self.read(&object.key, 0..object.size, None).await?.try_collect().await?;
        let fail = |message: String| Err(Error::Answer { operation: "reading back", message });
        if back.concat() != *content {
            return fail("the bytes differ from those written".to_owned());
        }
        let (Driver::S3(s3), Some(asked)) = (&self.shared.driver, asked) else { return Ok(()) };
        match s3.encryption(&object.key).await? {
            Some(said) if said == asked => Ok(()),
            said => fail(format!(
                "the service was asked to encrypt with {asked}, and says that it did with {}",
                said.as_deref().unwrap_or("nothing")
            )),
        }
    }

    /// An address from which anyone can get the object for as long as `ttl`, signed for the public endpoint. `None` on
    /// disk.
    pub async fn signed_url(&self, key: &Key, ttl: Duration) -> Result<Option<String>> {
        match &self.shared.driver {
            Driver::Disk(_) => Ok(None),
            Driver::S3(s3) => s3.signed_url(key, ttl).await.map(Some),
        }
    }

    /// Whether new bytes are taken: false while the disk has less free than its reserve. Looks at most once a second.
    pub fn writable(&self) -> bool {
        self.space().is_none_or(|(free, reserve)| free >= reserve)
    }

    /// Fails when the disk's reserve is used up, for what is no blob and takes its room all the same.
    pub fn require_space(&self) -> Result<()> {
        match &self.shared.driver {
            Driver::Disk(disk) => disk.space().require(0),
            Driver::S3(_) => Ok(()),
        }
    }

    /// Bytes that are free on the disk and the reserve that must stay free; `None` on S3.
    pub fn space(&self) -> Option<(u64, u64)> {
        match &self.shared.driver {
            Driver::Disk(disk) => Some((disk.space().free(), disk.space().reserve())),
            Driver::S3(_) => None,
        }
    }
}
