//! Uploads as clients do them: open a session, send the bytes in one PUT or stream them in a chunked PATCH, close. Also the
//! manifest PUT. One function per exchange; nothing here is timed.

use anyhow::{Context, Result, ensure};

use crate::content::{Blob, digest};
use crate::http::Connection;
use crate::server::{Server, path_of};

/// The media type of the manifests that the run pushes.
pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// How the bytes travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// POST, then PUT with the whole body and its length, as containerd does.
    Monolithic,
    /// POST, PATCH in chunked transfer coding, then an empty PUT, as docker and podman do.
    Streamed,
}

/// Pushes one blob.
pub(crate) async fn push_blob(
    server: &Server,
    connection: &mut Connection,
    repository: &str,
    mode: Mode,
    blob: &Blob<'_>,
) -> Result<()> {
    let path = format!("/v2/{}/{repository}/blobs/uploads/", server.prefix);
    connection.send(&[server.head("POST", &path, "Content-Length: 0\r\n").as_bytes()]).await?;
    let mut location = next_location(connection, 202, "POST").await?;
    if mode == Mode::Streamed {
        let extra = "Transfer-Encoding: chunked\r\n";
        let head = server.head("PATCH", &location, extra);
        connection.send(&[head.as_bytes(), blob.chunked[0], blob.chunked[1]]).await?;
        location = next_location(connection, 202, "PATCH").await?;
    }
    let sign = if location.contains('?') { '&' } else { '?' };
    let path = format!("{location}{sign}digest={}", blob.digest);
    if mode == Mode::Streamed {
        connection.send(&[server.head("PUT", &path, "Content-Length: 0\r\n").as_bytes()]).await?;
    } else {
        let extra = format!("Content-Type: application/octet-stream\r\nContent-Length: {}\r\n", blob.length);
        let head = server.head("PUT", &path, &extra);
        connection.send(&[head.as_bytes(), blob.plain[0], blob.plain[1]]).await?;
    }
    expect(connection, 201, "PUT").await
}

/// Pushes a small blob that set-up needs.
pub(crate) async fn push_bytes(server: &Server, to: &mut Connection, repository: &str, bytes: &[u8]) -> Result<String> {
    let blob = Blob::plain(bytes);
    push_blob(server, to, repository, Mode::Monolithic, &blob).await?;
    Ok(blob.digest)
}

/// Pushes a manifest under a tag or digest.
pub(crate) async fn put_manifest(
    server: &Server,
    to: &mut Connection,
    repository: &str,
    reference: &str,
    manifest: &[u8],
) -> Result<()> {
    let path = format!("/v2/{}/{repository}/manifests/{reference}", server.prefix);
    let extra = format!("Content-Type: {MANIFEST_TYPE}\r\nContent-Length: {}\r\n", manifest.len());
    let mut request = server.head("PUT", &path, &extra).into_bytes();
    request.extend_from_slice(manifest);
    to.send(&[&request]).await?;
    expect(to, 201, "manifest PUT").await
}

/// Fetches a blob and compares its digest: a push that was acknowledged must give back what was sent.
pub(crate) async fn verify_blob(server: &Server, repository: &str, expected: &str) -> Result<()> {
    let mut connection = server.connect().await?;
    let mut body = Vec::new();
    let path = format!("/v2/{}/{repository}/blobs/{expected}", server.prefix);
    let status = server.ask(&mut connection, "GET", &path, &mut body).await?;
    ensure!(status == 200, "an acknowledged blob gives {status}");
    ensure!(digest(&body) == expected, "an acknowledged blob comes back with other bytes");
    Ok(())
}

async fn expect(connection: &mut Connection, status: u16, what: &str) -> Result<()> {
    let mut body = Vec::new();
    let reply = connection.receive_into(&mut body).await?;
    let text = String::from_utf8_lossy(&body[..body.len().min(200)]);
    ensure!(reply.status == status, "{what} gives {} instead of {status}: {text}", reply.status);
    Ok(())
}

async fn next_location(connection: &mut Connection, status: u16, what: &str) -> Result<String> {
    expect(connection, status, what).await?;
    let location = connection.header("location").with_context(|| format!("the reply to {what} has no location"))?;
    Ok(path_of(location).to_owned())
}
