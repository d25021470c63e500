//! Compares what the database says with what the store has, in constant memory, beside a running registry.

use blobs::Key;
use futures_util::TryStreamExt;
use sha2::{Digest as _, Sha256, Sha512};
use std::time::Duration;
use store::Pending;
use store::blobs::BlobRow;
use types::{Algorithm, Digest};

use crate::{App, Error, Result};

/// Rows and objects that are held at once.
const BATCH: usize = 1000;

/// An object appears a moment before the row that names it. What looks like an orphan is looked at again after this.
const SETTLING: Duration = Duration::from_secs(3);

/// How long requests that were writing when an object was seen that has no row are waited for: it may be theirs. Those of a
/// process that was killed look the same. Whoever takes longer is not harmed by a repair, but refused (see [`forbid`]).
const AT_IT: Duration = Duration::from_secs(20);

/// A request whose lease ended this long ago has ended as well, and so has its last transaction.
const OVER: Duration = Duration::from_secs(90);

/// For how long nothing may come to need an object that was put aside. Whoever made it has long heard that it failed.
const PUT_ASIDE: Duration = Duration::from_secs(90 * 86_400);

/// A removal that is farther off is one of those: if its object is still there, a repair was interrupted. No other removal
/// is, whatever the life of an upload.
const REMOVAL: Duration = Duration::from_secs(60 * 86_400);

/// So many objects in a row that cannot be read are a storage that is gone.
const UNREAD: usize = 5;

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Read every object and compare its digest.
    pub verify: bool,
    /// Move orphans and damaged objects to quarantine, and mark blobs whose objects are missing, damaged or not to be
    /// decrypted: they are not given out any more, and a push puts a new object in their place.
    pub repair: bool,
}

/// Something that is not as it should be.
#[derive(Debug)]
pub enum Finding {
    /// An object that no row names.
    Orphan {
        /// The object.
        key: String,
        /// In bytes.
        size: u64,
    },
    /// A blob whose object is missing.
    Hole {
        /// The blob.
        digest: Digest,
        /// Where its object should be.
        key: String,
    },
    /// A blob whose object has another size.
    Size {
        /// The blob.
        digest: Digest,
        /// Where its object is.
        key: String,
        /// What the database says.
        expected: u64,
        /// What the object has.
        actual: u64,
    },
    /// A blob whose object the storage refuses to decrypt.
    Unreadable {
        /// The blob.
        digest: Digest,
        /// Where its object is.
        key: String,
        /// Why.
        reason: String,
    },
    /// A blob whose object could not be read, for a reason that is in the log. It may be read another time.
    Unread {
        /// The blob.
        digest: Digest,
        /// Where its object is.
        key: String,
    },
    /// A blob whose object has other content.
    Content {
        /// The blob.
        digest: Digest,
        /// Where its object is.
        key: String,
    },
}

/// What was looked at.
#[derive(Debug, Default, Clone, Copy)]
pub struct Summary {
    /// Blobs in the database.
    pub blobs: u64,
    /// Objects in the store.
    pub objects: u64,
    /// Those of them that no blob needs and that are known all the same: they wait for their removal, or an upload has just
    /// made them.
    pub waiting: u64,
    /// Findings.
    pub findings: u64,
}

/// Walks both sides in the order of object keys and reports each finding.
pub async fn run(app: &App, options: Options, report: &mut dyn FnMut(&Finding)) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut unread = 0;
    let mut unseen: Vec<(String, u64)> = Vec::new();
    let mut after = String::new();
    loop {
        // One page of objects decides how far this round goes; the rows of the same stretch are set against it.
        let cursor = if after.is_empty() { None } else { Some(after.parse::<Key>()?) };
        let objects = app.blobs.list(cursor.as_ref(), BATCH).await?;
        let end = (objects.len() == BATCH).then(|| objects.last().map(|(key, _)| key.to_string())).flatten();
        summary.objects += objects.len() as u64;
        let mut objects = objects.into_iter().peekable();
        let mut row_after = after.clone();
        loop {
            let mut conn = app.db.reader().await?;
            let rows = store::blobs::list_by_object_key(&mut conn, &row_after, BATCH).await?;
            drop(conn);
            let last_page = rows.len() < BATCH;
            let mut beyond = false;
            for row in rows {
                if end.as_ref().is_some_and(|end| row.object_key > *end) {
                    beyond = true;
                    break;
                }
                row_after = row.object_key.clone();
                summary.blobs += 1;
                while let Some((key, size)) = objects.next_if(|(key, _)| key.as_str() < row.object_key.as_str()) {
                    unseen.push((key.to_string(), size));
                }
                let size = objects.next_if(|(key, _)| key.as_str() == row.object_key).map(|(_, size)| size);
                let finding = examine(app, options, &row, size).await?;
                unread = if matches!(finding, Some(Finding::Unread { .. })) { unread + 1 } else { 0 };
                if unread == UNREAD {
                    return Err(Error::Unavailable("blob store"));
                }
                if let Some(finding) = finding {
                    summary.findings += 1;
                    report(&finding);
                }
            }
            if last_page || beyond {
                break;
            }
        }
        unseen.extend(objects.map(|(key, size)| (key.to_string(), size)));
        // Many at once, since they have to be waited for.
        if unseen.len() >= BATCH || end.is_none() {
            let unseen = std::mem::take(&mut unseen);
            summary.waiting += unseen.len() as u64;
            for finding in orphans(app, options, unseen).await? {
                summary.waiting -= 1;
                summary.findings += 1;
                report(&finding);
            }
        }
        match end {
            Some(end) => after = end,
            None => return Ok(summary),
        }
    }
}

/// One blob against its object, whose size is known if the listing had it.
async fn examine(app: &App, options: Options, row: &BlobRow, listed: Option<u64>) -> Result<Option<Finding>> {
    let key: Key = row.object_key.parse()?;
    // The listing may be older than the row.
    let size = match listed {
        Some(size) => Some(size),
        None => app.blobs.size(&key).await?,
    };
    let (digest, text) = (row.digest.clone(), row.object_key.clone());
    let finding = match size {
        None => Finding::Hole { digest, key: text },
        Some(actual) if actual != row.size => Finding::Size { digest, key: text, expected: row.size, actual },
        Some(_) if options.verify => match verify(app, &key, row).await {
            Ok(true) => return Ok(None),
            Ok(false) => Finding::Content { digest, key: text },
            Err(Fault::Gone) => Finding::Hole { digest, key: text },
            Err(Fault::Other(Error::Encryption { reason })) => Finding::Unreadable { digest, key: text, reason },
            Err(Fault::Other(Error::Unavailable(_))) => Finding::Unread { digest, key: text },
            Err(Fault::Other(error)) => return Err(error),
        },
        Some(_) => return Ok(None),
    };
    // Reading the rows before it took a while: it may have been freed meanwhile, and then its object goes too.
    let named = store::blobs::list_live_object_keys(&mut app.db.reader().await?, &[row.object_key.as_str()]).await?;
    if named.is_empty() {
        return Ok(None);
    }
    if options.repair && !matches!(finding, Finding::Unread { .. }) {
        mark_missing(app, row.object_key.clone()).await?;
        // What a push is going to replace belongs to nobody then.
        if matches!(finding, Finding::Size { .. } | Finding::Content { .. }) {
            app.blobs.quarantine(&key).await?;
        }
    }
    Ok(Some(finding))
}

/// Why an object cannot be read.
enum Fault {
    /// It is not there any more.
    Gone,
    /// Anything else.
    Other(Error),
}

impl From<blobs::Error> for Fault {
    fn from(error: blobs::Error) -> Self {
        match error {
            blobs::Error::NotFound { .. } => Self::Gone,
            error => Self::Other(error.into()),
        }
    }
}

/// Whether an object has the digest of its blob. One wrong answer may be a fault on the way: it is asked twice.
async fn verify(app: &App, key: &Key, row: &BlobRow) -> std::result::Result<bool, Fault> {
    Ok(content_digest(app, key, row).await? == row.digest || content_digest(app, key, row).await? == row.digest)
}

async fn content_digest(app: &App, key: &Key, row: &BlobRow) -> std::result::Result<Digest, Fault> {
    let (mut sha256, mut sha512) = (Sha256::new(), Sha512::new());
    let algorithm = row.digest.algorithm();
    let mut stream = app.blobs.read(key, 0..row.size, None).await?;
    while let Some(bytes) = stream.try_next().await? {
        match algorithm {
            Algorithm::Sha256 => sha256.update(&bytes),
            Algorithm::Sha512 => sha512.update(&bytes),
        }
    }
    let encoded = match algorithm {
        Algorithm::Sha256 => hex::encode(sha256.finalize()),
        Algorithm::Sha512 => hex::encode(sha512.finalize()),
    };
    Ok(Digest::from_encoded(algorithm, &encoded))
}

/// Of objects that no blob names, those that nothing else names either, now and a moment later.
async fn orphans(app: &App, options: Options, mut candidates: Vec<(String, u64)>) -> Result<Vec<Finding>> {
    drop_known(app, &mut candidates).await?;
    if !candidates.is_empty() {
        settle(app).await?;
        drop_known(app, &mut candidates).await?;
    }
    if options.repair && !candidates.is_empty() {
        forbid(app, &mut candidates).await?;
    }
    let mut findings = Vec::new();
    for (key, size) in candidates {
        let object: Key = key.parse()?;
        if app.blobs.size(&object).await?.is_none() {
            continue; // it was on its way out
        }
        if options.repair {
            app.blobs.quarantine(&object).await?;
        }
        findings.push(Finding::Orphan { key, size });
    }
    Ok(findings)
}

/// Waits until those who were writing just now have told what they wrote.
async fn settle(app: &App) -> Result<()> {
    let begun = app.now();
    let mut writing = store::uploads::list_leases(&mut app.db.reader().await?, begun.before(OVER)).await?;
    tokio::time::sleep(SETTLING).await;
    while !writing.is_empty() && app.now() < begun.after(AT_IT) {
        let now = app.now();
        let still = store::uploads::list_leases(&mut app.db.reader().await?, now.before(OVER)).await?;
        writing.retain(|lease| still.contains(lease));
        tokio::time::sleep(SETTLING / 3).await;
    }
    Ok(())
}

/// Sees to it that no row comes to name these objects any more, and leaves those out that one names by now.
async fn forbid(app: &App, candidates: &mut Vec<(String, u64)>) -> Result<()> {
    let keys: Vec<String> = candidates.iter().map(|(key, _)| key.clone()).collect();
    let (own, not_before) = (keys.clone(), app.now().after(PUT_ASIDE));
    app.db
        .write(move |conn| {
            Box::pin(async move { Ok(store::removals::insert(conn, &own, not_before).await?) })
                as Pending<'_, (), Error>
        })
        .await?;
    // For whoever looked a moment before, and is about to commit.
    tokio::time::sleep(SETTLING).await;
    let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
    let named = store::blobs::list_live_object_keys(&mut app.db.reader().await?, &asked).await?;
    candidates.retain(|(key, _)| !named.contains(key));
    app.db
        .write(move |conn| {
            Box::pin(async move { Ok(store::removals::delete_needed(conn, &keys).await?) }) as Pending<'_, u64, Error>
        })
        .await
        .map(drop)
}

async fn drop_known(app: &App, candidates: &mut Vec<(String, u64)>) -> Result<()> {
    if candidates.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = candidates.iter().map(|(key, _)| key.as_str()).collect();
    let mut conn = app.db.reader().await?;
    let known = store::blobs::list_known_object_keys(&mut conn, &keys, app.now().after(REMOVAL)).await?;
    let known: std::collections::HashSet<String> = known.into_iter().collect();
    candidates.retain(|(key, _)| !known.contains(key));
    Ok(())
}

async fn mark_missing(app: &App, object_key: String) -> Result<()> {
    app.db
        .write(move |conn| {
            Box::pin(async move { Ok(store::blobs::update_missing(conn, &object_key).await?) })
                as Pending<'_, bool, Error>
        })
        .await
        .map(drop)
}
