//! What the layers of an image hold: as it was noted, or read now. Layers are decoded on a thread of their own, which a
//! channel feeds with the bytes of the blob, so that memory is bounded whatever the layer.

use std::io::{self, Read};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use scan::Limits;
use scan::image::Image;
use scan::layer::{self, Layer};
use serde::Deserialize;
use store::{Pending, layer_contents, repository_blobs};
use tokio::sync::mpsc;
use types::{Digest, MediaType};

use super::Bill;
use super::results::stored;
use crate::{App, Error};

/// Pieces of a blob that wait for the decoder.
const AHEAD: usize = 4;

/// Layers of an image; nothing mounts as many. Each is laid over those beneath it, also one that was read long ago.
pub(super) const LAYERS: usize = 1000;

/// Why an image could not be read: for good, in words for whoever asked for the scan.
pub(super) enum Fault {
    Image(String),
    /// It may work another time.
    Here(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Here(error)
    }
}

impl From<store::Error> for Fault {
    fn from(error: store::Error) -> Self {
        Self::Here(error.into())
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
}

/// What an image holds, from the bytes of its manifest.
pub(super) async fn of_image(app: &App, repository_id: &str, manifest: &[u8]) -> Result<Bill, Fault> {
    let malformed = || Fault::Image("the manifest cannot be read".to_owned());
    let document: Document = serde_json::from_slice(manifest).map_err(|_| malformed())?;
    let layers = document.layers.unwrap_or_default();
    if layers.len() > LAYERS {
        return Err(Fault::Image(format!("the image has more than {LAYERS} layers")));
    }
    let mut image = Image::default();
    // In their order: what is above hides what is beneath.
    for descriptor in layers {
        if descriptor.media_type.parse::<MediaType>().is_ok_and(|kind| kind.is_nondistributable()) {
            continue;
        }
        let digest: Digest = descriptor.digest.parse().map_err(|_| malformed())?;
        image.add(of_layer(app, repository_id, &digest).await?).map_err(|error| Fault::Image(error.to_string()))?;
    }
    let packages = image.packages().map_err(|error| Fault::Image(error.to_string()))?;
    Ok(Bill { release: image.release().cloned(), packages: packages.into_iter().collect(), unread: image.unread() })
}

async fn of_layer(app: &App, repository_id: &str, digest: &Digest) -> Result<Layer, Fault> {
    let mut conn = app.db.reader().await?;
    // First, whatever is known of the layer from other repositories: whoever names a digest must not learn what it holds there.
    let Some((_, _, blob)) = repository_blobs::find_by_id(&mut conn, repository_id, digest).await? else {
        return Err(Fault::Image(format!("the layer {digest} is missing")));
    };
    if let Some(noted) = layer_contents::find(&mut conn, digest, layer::VERSION).await? {
        return Ok(stored(&noted)?);
    }
    drop(conn);
    let key = blob.object_key.parse().map_err(Error::from)?;
    let stream = match app.blobs.read(&key, 0..blob.size, None).await {
        Ok(stream) => stream,
        Err(::blobs::Error::NotFound { .. }) => {
            tracing::error!(blob.digest = %digest, "the object of a blob is missing; run wharf fsck --repair");
            return Err(Fault::Image(format!("the layer {digest} is missing")));
        }
        Err(error) => return Err(Error::from(error).into()),
    };
    let layer = decode(stream, app.config.scan_timeout).await?;
    let document = serde_json::to_string(&layer).map_err(|_| Error::Internal)?;
    let digest = digest.clone();
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(layer_contents::upsert(conn, &digest, layer::VERSION, &document).await?) })
                as Pending<'_, (), Error>
        })
        .await?;
    Ok(layer)
}

/// Stops the decoder when nobody waits for it any more.
struct Stop(Limits);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

async fn decode(mut stream: ::blobs::ReadStream, patience: std::time::Duration) -> Result<Layer, Fault> {
    let limits = Limits::default();
    let stop = Stop(limits.clone());
    let (sender, receiver) = mpsc::channel(AHEAD);
    let failure = Arc::new(Mutex::new(None));
    let feed = Feed { receiver, current: Bytes::new(), failure: Arc::clone(&failure) };
    let decoder = tokio::task::spawn_blocking(move || layer::read(feed, &limits));
    let feeding = async {
        while let Some(piece) = stream.next().await {
            // Whoever decodes may be done before the end, with an error.
            if sender.send(piece).await.is_err() {
                break;
            }
        }
        drop(sender);
        decoder.await
    };
    let decoded = tokio::time::timeout(patience, feeding).await;
    drop(stop);
    if let Some(error) = failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(Error::from(error).into());
    }
    match decoded {
        Ok(Ok(Ok(layer))) => Ok(layer),
        Ok(Ok(Err(error))) => Err(Fault::Image(error.to_string())),
        Ok(Err(error)) => {
            tracing::error!(%error, "the reader of a layer failed");
            Err(Fault::Image("the layer cannot be read".to_owned()))
        }
        Err(_) => Err(Fault::Image(scan::Error::Stopped.to_string())),
    }
}

/// The bytes of a blob for a thread that decodes them.
struct Feed {
    receiver: mpsc::Receiver<::blobs::Result<Bytes>>,
    current: Bytes,
    /// What went wrong with the storage: no fault of the layer.
    failure: Arc<Mutex<Option<::blobs::Error>>>,
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.receiver.blocking_recv() {
                Some(Ok(piece)) => self.current = piece,
                Some(Err(error)) => {
                    *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                None => return Ok(0),
            }
        }
        let length = self.current.len().min(buffer.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
