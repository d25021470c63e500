//! Blob downloads of three sizes.

use std::rc::Rc;

use anyhow::{Context, Result};

use super::manifests::image;
use super::megabytes;
use super::repeat::{self, Prepared};
use crate::content::{Content, Tail};
use crate::measure::{Bare, Bench};
use crate::options::Group;
use crate::sender;
use crate::server::Server;
use crate::upload::{Mode, push_blob, put_manifest, verify_blob};

/// Pushes one blob per size to every server and downloads it again and again; the last time it is also looked at.
pub(crate) async fn take(bench: &mut Bench) -> Result<()> {
    for (number, size) in [1_000_000, 10_000_000, 100_000_000].into_iter().enumerate() {
        let content = Content::new(size, bench.run);
        let tail = Tail::new(bench.run, u64::MAX - number as u64);
        let digest = content.blob(&tail).digest;
        let mut prepared = Vec::new();
        for server in &bench.servers {
            let request = prepare(server, &content, &tail, size);
            prepared.push(Ok(request.await.with_context(|| format!("cannot prepare {}", server.name))?));
        }
        drop(content);
        let sender = Server::bare(sender::start(bench.disk.path(), size as u64)?);
        prepared.push(Ok(Prepared::probe(&sender, sender.head("GET", "/", ""), false).await?.0));
        let bare = Bare::Sender(Rc::new(sender));
        let clients: &[usize] = if bench.options.quick { &[10] } else { &[1, 10] };
        repeat::take(bench, Group::Pull, &format!("pull {}", megabytes(size)), clients, &prepared, &bare).await;
        for index in 0..bench.servers.len() {
            let server = Rc::clone(&bench.servers[index]);
            if let Err(error) = verify_blob(&server, "pull", &digest).await
                && let Some(row) = bench.rows.last_mut()
            {
                row.sides[index].fail(&error);
            }
        }
    }
    Ok(())
}

/// The blob is part of an image, so that a garbage collection between measures leaves it alone.
async fn prepare(server: &Server, content: &Content, tail: &Tail, size: usize) -> Result<Prepared> {
    let mut connection = server.connect().await?;
    let blob = content.blob(tail);
    push_blob(server, &mut connection, "pull", Mode::Monolithic, &blob).await?;
    let layers = [(blob.digest.clone(), blob.length)];
    let manifest = image(server, &mut connection, "pull", &layers).await?;
    put_manifest(server, &mut connection, "pull", &format!("size-{size}"), manifest.as_bytes()).await?;
    let path = format!("/v2/{}/pull/blobs/{}", server.prefix, blob.digest);
    Ok(Prepared::probe(server, server.head("GET", &path, ""), false).await?.0)
}
