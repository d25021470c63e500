//! Content to push: random bytes, digests, and the documents that describe images, indexes and artifacts. Documents are built
//! with the media types that real clients use.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use uuid::Uuid;

/// OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Docker schema 2 manifest.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// OCI image configuration.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// OCI layer.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// The empty descriptor's media type.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// The sha256 digest.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// The sha512 digest.
pub fn sha512(bytes: &[u8]) -> String {
    format!("sha512:{}", hex::encode(Sha512::digest(bytes)))
}

/// Bytes that nobody pushed before and that do not compress.
pub fn random(length: usize) -> Vec<u8> {
    // splitmix64 from a random seed: fast enough for gigabytes, and no two calls overlap in practice.
    let (mut state, _) = Uuid::new_v4().as_u64_pair();
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A descriptor of these bytes.
pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()})
}

/// A descriptor of something that nobody has.
pub fn missing_descriptor(media_type: &str) -> Value {
    descriptor(media_type, &random(32))
}

/// An image configuration that differs from every other one.
pub fn config() -> Vec<u8> {
    let document = json!({
        "architecture": "amd64",
        "os": "linux",
        "author": Uuid::new_v4().to_string(),
        "rootfs": {"type": "layers", "diff_ids": []},
        "config": {},
    });
    to_bytes(&document)
}

/// An OCI image manifest over descriptors.
pub fn manifest(config: Value, layers: Vec<Value>) -> Value {
    json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers})
}

/// An OCI index over descriptors.
pub fn index(children: Vec<Value>) -> Value {
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children})
}

/// An artifact without content of its own: an empty configuration and one empty layer, as oras writes them.
pub fn artifact(artifact_type: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": descriptor(OCI_EMPTY, b"{}"),
        "layers": [descriptor(OCI_EMPTY, b"{}")],
        "annotations": {"tests.nonce": Uuid::new_v4().to_string()},
    })
}

/// The bytes of a document.
pub fn to_bytes(document: &Value) -> Vec<u8> {
    serde_json::to_vec(document).expect("a JSON value can be written")
}

/// An image that was pushed: enough to check that all of it is there.
#[derive(Clone, Debug)]
pub struct Image {
    /// The manifest's digest.
    pub digest: String,
    /// The manifest's media type.
    pub media_type: String,
    /// The manifest's bytes.
    pub manifest: Vec<u8>,
    /// The digest and bytes of the configuration and of each layer.
    pub blobs: Vec<(String, Vec<u8>)>,
}

impl Image {
    /// An image over these layers; nothing is pushed.
    pub fn of(layers: Vec<Vec<u8>>) -> Self {
        let config = config();
        let layer_descriptors = layers.iter().map(|layer| descriptor(OCI_LAYER, layer)).collect();
        let manifest = to_bytes(&manifest(descriptor(OCI_CONFIG, &config), layer_descriptors));
        let blobs = std::iter::once(config).chain(layers).map(|blob| (digest(&blob), blob)).collect();
        Self { digest: digest(&manifest), media_type: OCI_MANIFEST.to_owned(), manifest, blobs }
    }

    /// A small image with one layer.
    pub fn small() -> Self {
        Self::of(vec![random(1000)])
    }

    /// Its descriptor, for an index or a subject.
    pub fn descriptor(&self) -> Value {
        descriptor(&self.media_type, &self.manifest)
    }
}
