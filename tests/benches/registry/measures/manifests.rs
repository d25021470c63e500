//! Manifest GET and HEAD, by tag and by digest: what every pull and every check for a newer image begins with.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::repeat::{self, Prepared};
use crate::content::digest;
use crate::http::Connection;
use crate::measure::{Bare, Bench};
use crate::options::Group;
use crate::server::Server;
use crate::upload::{MANIFEST_TYPE, push_bytes, put_manifest};

const TAG: &str = "latest";
const LAYERS: usize = 8;

/// Pushes an image to every server and reads its manifest in all four ways.
pub(crate) async fn take(bench: &mut Bench) -> Result<()> {
    let mut manifest = String::new();
    for server in &bench.servers {
        manifest = push_image(server).await.with_context(|| format!("cannot push an image to {}", server.name))?;
    }
    let by_digest = digest(manifest.as_bytes());
    let clients: &[usize] = if bench.options.quick { &[1, 64] } else { &[1, 10, 64] };
    for (method, how, reference) in
        [("GET", "tag", TAG), ("GET", "digest", &by_digest), ("HEAD", "tag", TAG), ("HEAD", "digest", &by_digest)]
    {
        let mut prepared = Vec::new();
        for server in &bench.servers {
            let path = format!("/v2/{}/images/manifests/{reference}", server.prefix);
            let (request, body) = Prepared::probe(server, server.head(method, &path, ""), method == "HEAD").await?;
            ensure!(method == "HEAD" || body == manifest.as_bytes(), "{} changed the manifest", server.name);
            prepared.push(Ok(request));
        }
        repeat::take(
            bench,
            Group::Manifests,
            &format!("{method} manifest by {how}"),
            clients,
            &prepared,
            &Bare::Nothing,
        )
        .await;
    }
    Ok(())
}

async fn push_image(server: &Server) -> Result<String> {
    let mut connection = server.connect().await?;
    let mut layers = Vec::new();
    for number in 0..LAYERS {
        let bytes = format!("layer {number}");
        layers.push((push_bytes(server, &mut connection, "images", bytes.as_bytes()).await?, bytes.len() as u64));
    }
    let manifest = image(server, &mut connection, "images", &layers).await?;
    put_manifest(server, &mut connection, "images", TAG, manifest.as_bytes()).await?;
    Ok(manifest)
}

/// An image manifest over layers that are there already; pushes its config.
pub(crate) async fn image(
    server: &Server,
    connection: &mut Connection,
    repository: &str,
    layers: &[(String, u64)],
) -> Result<String> {
    let config = br#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#;
    let config_digest = push_bytes(server, connection, repository, config).await?;
    let layer = |(digest, size): &(String, u64)| -> Value {
        json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": size })
    };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": config_digest,
            "size": config.len(),
        },
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
    });
    Ok(manifest.to_string())
}
