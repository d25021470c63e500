//! Blob downloads of three sizes.

use anyhow::{Context, Result};

use super::manifests::image;
use super::megabytes;
use super::repeat::Prepared;
use crate::content::{Content, Tail};
use crate::load::Pace;
use crate::measure::{Bench, Measure, Unit};
use crate::options::Group;
use crate::server::Server;
use crate::upload::{Mode, push_blob, put_manifest, verify_blob};

/// Pushes one blob per size to every server and downloads it again and again.
pub(crate) async fn take(bench: &mut Bench) -> Result<()> {
    for (number, size) in [1_000_000, 10_000_000, 100_000_000].into_iter().enumerate() {
        let content = Content::new(size, bench.run);
        let tail = Tail::new(bench.run, u64::MAX - number as u64);
        let mut prepared = Vec::new();
        for server in &bench.servers {
            let request = prepare(server, &content, &tail, size);
            prepared.push(request.await.with_context(|| format!("cannot prepare {}", server.name))?);
        }
        drop(content);
        let clients: &[usize] = if bench.options.quick { &[10] } else { &[1, 10] };
        for &clients in clients {
            let measure = Measure {
                group: Group::Pull,
                name: format!("pull {}", megabytes(size)),
                clients,
                unit: Unit::Megabytes,
                rounds: bench.options.rounds,
                pace: Pace::timed(bench.options.round()),
                content: None,
                bare_disk: false,
            };
            let mut requests = prepared.iter();
            bench
                .take(&measure, |server| {
                    let request = requests.next().ok_or("no request was prepared")?;
                    Ok(request.clients(server, clients))
                })
                .await;
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
    verify_blob(server, "pull", &blob.digest).await?;
    let path = format!("/v2/{}/pull/blobs/{}", server.prefix, blob.digest);
    Ok(Prepared::probe(server, server.head("GET", &path, ""), false).await?.0)
}
