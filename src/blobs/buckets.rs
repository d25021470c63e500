//! Buckets that others fill: small objects by bucket and key, read whole. Nothing is ever written there, and what is there
//! has nothing to do with the blob store, though it may be on the same server.

use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::path::Path as Key;

use crate::s3::connect;
use crate::{Error, Metrics, Result, S3Config};

/// Where buckets are.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one value of it in a process")]
pub enum Buckets {
    /// A folder with a folder for each bucket.
    Folder(PathBuf),
    /// A server; bucket and prefix of these settings are not looked at.
    S3(S3Config),
}

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Buckets {
    /// The object of a bucket. None if there is none; an error if it is longer than `limit` bytes.
    pub async fn get(&self, bucket: &str, key: &str, limit: usize) -> Result<Option<Bytes>> {
        if !is_bucket(bucket) || !is_key(key) {
            return Ok(None);
        }
        match self {
            Self::Folder(root) => {
                let (root, path) = (root.clone(), root.join(bucket).join(key));
                let read = tokio::task::spawn_blocking(move || read(&root, &path, limit)).await;
                read.map_err(|error| Error::io("reading an object", std::io::Error::other(error)))?
            }
            Self::S3(s3) => {
                let got = tokio::time::timeout(PATIENCE, fetch(s3, bucket, key, limit)).await;
                got.map_err(|_| Error::io("reading an object", std::io::ErrorKind::TimedOut.into()))?
            }
        }
    }
}

/// As S3 has names of buckets; no path leads out of it.
fn is_bucket(bucket: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    (3..=63).contains(&bucket.len()) && bucket.bytes().all(legal) && !bucket.starts_with('.') && !bucket.contains("..")
}

/// A key that is a plain path: what would be normalized or lead elsewhere is no object.
fn is_key(key: &str) -> bool {
    let plain = |component: Component<'_>| matches!(component, Component::Normal(_));
    !key.is_empty()
        && key.len() <= 1024
        && !key.contains(['\0', '\\'])
        && key.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && Path::new(key).components().all(plain)
}

fn read(root: &Path, path: &Path, limit: usize) -> Result<Option<Bytes>> {
    let fail = |source| Error::io("reading an object", source);
    // A link may lead to another place of the folder, and nowhere else.
    let (root, path) = match (root.canonicalize(), path.canonicalize()) {
        (Ok(root), Ok(path)) => (root, path),
        (Err(source), _) => return Err(fail(source)),
        (_, Err(source)) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        (_, Err(source)) if source.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
        (_, Err(source)) => return Err(fail(source)),
    };
    if !path.starts_with(&root) || !path.metadata().map_err(fail)?.is_file() {
        return Ok(None);
    }
    let file = std::fs::File::open(&path).map_err(fail)?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() > limit { Err(Error::TooLarge) } else { Ok(Some(bytes.into())) }
}

async fn fetch(s3: &S3Config, bucket: &str, key: &str, limit: usize) -> Result<Option<Bytes>> {
    let settings = S3Config {
        bucket: bucket.to_owned(),
        prefix: String::new(),
        request_timeout: PATIENCE,
        retries: 1,
        ..s3.clone()
    };
    // A task with files starts once in a while; a client that is kept for each bucket would be more to look after.
    let client = connect::bucket(connect::builder(
        &settings,
        settings.endpoint.as_deref(),
        &connect::http_client(&settings)?,
        &Metrics::default(),
    ))?;
    let fail = |source| Error::S3 { operation: "reading an object", failure: source };
    let found = match client.get(&Key::from(key)).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(source) => return Err(fail(source)),
    };
    if found.meta.size > limit as u64 {
        return Err(Error::TooLarge);
    }
    found.bytes().await.map(Some).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_gives_what_is_in_it_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("buckets");
        std::fs::create_dir_all(root.join("mine/a")).unwrap();
        std::fs::create_dir_all(root.join("other")).unwrap();
        std::fs::write(root.join("mine/a/b.env"), "A=1").unwrap();
        std::fs::write(folder.path().join("outside.env"), "secret").unwrap();
        std::os::unix::fs::symlink("../mine/a/b.env", root.join("other/within.env")).unwrap();
        std::os::unix::fs::symlink("../../outside.env", root.join("mine/leaves.env")).unwrap();
        let buckets = Buckets::Folder(root);
        let get = async |bucket: &str, key: &str| buckets.get(bucket, key, 3).await.unwrap();
        assert_eq!(get("mine", "a/b.env").await.as_deref(), Some(b"A=1".as_slice()));
        assert_eq!(get("other", "within.env").await.as_deref(), Some(b"A=1".as_slice()));
        for (bucket, key) in [
            ("mine", "none.env"),
            ("mine", "a"),
            ("mine", "a/b.env/c"),
            ("mine", "leaves.env"),
            ("mine", "../../outside.env"),
            ("mine", "/etc/passwd"),
            ("mine", "a//b.env"),
            ("mine", "./a/b.env"),
            ("mine", "a\\..\\b"),
            ("mine", ""),
            ("..", "outside.env"),
            ("mine/a", "b.env"),
            ("none", "a.env"),
        ] {
            assert_eq!(get(bucket, key).await, None, "{bucket} {key}");
        }
        assert!(matches!(buckets.get("mine", "a/b.env", 2).await, Err(Error::TooLarge)));
        assert!(Buckets::Folder("/nonexistent".into()).get("mine", "a.env", 9).await.is_err());
    }
}
