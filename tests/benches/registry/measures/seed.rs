//! Fills a list through the API: many tags on one manifest, or many small manifests that refer to one. Seeding is itself a
//! measure, of small manifest pushes.

use std::cell::Cell;
use std::rc::Rc;

use anyhow::{Result, bail};
use serde_json::json;

use crate::content::digest;
use crate::http::Connection;
use crate::load::Client;
use crate::server::Server;
use crate::upload::{MANIFEST_TYPE, put_manifest};

/// What each entry is.
#[derive(Clone)]
pub(crate) enum Entry {
    /// A new tag on this manifest.
    Tag(Rc<str>),
    /// A new manifest with this one as its subject.
    Referrer(Rc<str>),
}

/// Pushes one entry after another.
pub(crate) struct Seeder {
    pub(crate) server: Rc<Server>,
    pub(crate) connection: Option<Connection>,
    pub(crate) entry: Entry,
    /// The number of the next entry, shared by the clients of one server.
    pub(crate) next: Rc<Cell<u64>>,
}

/// The tag with this number; numbers sort as tags do.
pub(crate) fn tag(number: u64) -> String {
    format!("t{number:08}")
}

/// The descriptor of a blob that holds `{}`, which artifacts use where an image has its config.
pub(crate) const EMPTY: &[u8] = b"{}";

fn referrer(subject: &str, number: u64) -> Vec<u8> {
    let empty =
        json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(EMPTY), "size": EMPTY.len() });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": "application/vnd.example.signature",
        "config": empty,
        "layers": [empty],
        "subject": { "mediaType": MANIFEST_TYPE, "digest": digest(subject.as_bytes()), "size": subject.len() },
        "annotations": { "org.example.number": number.to_string() },
    });
    manifest.to_string().into_bytes()
}

impl Client for Seeder {
    async fn connect(&mut self) -> Result<()> {
        self.connection = Some(self.server.connect().await?);
        Ok(())
    }

    async fn turn(&mut self) -> Result<u64> {
        let number = self.next.get();
        self.next.set(number + 1);
        let Some(connection) = &mut self.connection else { bail!("not connected") };
        let length = match &self.entry {
            Entry::Tag(manifest) => {
                put_manifest(&self.server, connection, "tags", &tag(number), manifest.as_bytes()).await?;
                manifest.len()
            }
            Entry::Referrer(subject) => {
                let manifest = referrer(subject, number);
                put_manifest(&self.server, connection, "referrers", &digest(&manifest), &manifest).await?;
                manifest.len()
            }
        };
        Ok(length as u64)
    }
}
