//! Manifests as documents: reading them leniently, refusing what is ambiguous (image-spec, "Image Manifest" and "Image
//! Index"; Docker's schema 2). The bytes are never written again: what was pushed is what is served.

use std::collections::BTreeMap;

use serde::Deserialize;
use types::{Digest, MediaType};

use crate::{Error, Result};

/// Manifests with more references than this are refused: no image comes near.
const MAX_REFERENCES: usize = 20_000;

/// As long as a media type may be (RFC 6838, section 4.2: a type and a subtype of 127 characters).
const MAX_ARTIFACT_TYPE: usize = 255;

/// What a manifest says, as far as a registry needs it.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Of the document itself.
    pub media_type: MediaType,
    /// Whether the document or the client says so; else it is concluded from the document's shape.
    pub media_type_stated: bool,
    /// The `artifactType`, else the media type of the config; none for a plain index.
    pub artifact_type: Option<String>,
    /// What the manifest is about.
    pub subject: Option<Digest>,
    /// All annotations, as a JSON object.
    pub annotations: Option<String>,
    /// The config of an image.
    pub config: Option<Digest>,
    /// Blobs that must be in the repository, other than the config: layers, and children of an index that are none of
    /// the manifest types (BuildKit's older cache format).
    pub layers: Vec<Digest>,
    /// Layers whose bytes are by intent elsewhere; they may be absent.
    pub foreign_layers: Vec<Digest>,
    /// Manifests that an index lists.
    pub children: Vec<Digest>,
    /// What the document says of the sizes of its config and layers, in bytes.
    pub sizes: BTreeMap<Digest, u64>,
    /// What the document calls its config and layers, foreign ones too. Names that are no media types are left out.
    pub blob_media_types: BTreeMap<Digest, MediaType>,
}

// Unknown fields anywhere are legal and kept, since the bytes are. A field that appears twice is refused by serde.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    #[serde(default, deserialize_with = "present")]
    config: Option<Option<Descriptor>>,
    #[serde(default, deserialize_with = "present")]
    layers: Option<Option<Vec<Descriptor>>>,
    #[serde(default, deserialize_with = "present")]
    manifests: Option<Option<Vec<Descriptor>>>,
    subject: Option<Descriptor>,
    annotations: Option<BTreeMap<String, String>>,
    // Docker's schema 1 has these; they tell it apart when it comes under another name.
    #[serde(rename = "fsLayers")]
    fs_layers: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: i64,
}

/// Tells a field that is `null` from one that is absent.
fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

impl Manifest {
    /// Reads a manifest. `content_type` is what the client called it, if it said.
    pub fn parse(bytes: &[u8], content_type: Option<&MediaType>) -> Result<Self> {
        let invalid = |reason: String| Error::ManifestInvalid(reason);
        if content_type.is_some_and(MediaType::is_docker_schema_1) {
            return Err(schema_1());
        }
        if let Some(media_type) = content_type.filter(|media_type| !media_type.is_manifest()) {
            return Err(invalid(format!("'{media_type}' is not a manifest type that this registry stores")));
        }
        // Members that nobody reads must be text as well: the document is served as JSON.
        let text = std::str::from_utf8(bytes).map_err(|_| invalid("the manifest is not UTF-8 text".to_owned()))?;
        let document: Document = serde_json::from_str(text)
            .map_err(|error| invalid(format!("the manifest is not a valid document: {error}")))?;
        if document.schema_version == Some(1) || document.fs_layers.is_some() {
            return Err(schema_1());
        }
        if document.schema_version != Some(2) {
            return Err(invalid("the manifest must have schemaVersion 2".to_owned()));
        }
        let media_type = document.decide_media_type(content_type)?;
        // One text that is an image to one client and an index to another (CVE-2021-41190).
        if document.manifests.is_some() && (document.config.is_some() || document.layers.is_some()) {
            return Err(invalid("the manifest is both an image and an index".to_owned()));
        }
        let subject = document.subject.as_ref().map(|subject| subject.digest("subject")).transpose()?;
        let annotations = document
            .annotations
            .as_ref()
            .filter(|annotations| !annotations.is_empty())
            .map(|annotations| serde_json::to_string(annotations).expect("a map of strings is always JSON"));
        let mut manifest = Self {
            media_type_stated: content_type.is_some()
                || document.media_type.as_deref().is_some_and(|own| !own.is_empty()),
            media_type,
            artifact_type: document.artifact_type.clone().filter(|kind| !kind.is_empty()),
            subject,
            annotations,
            config: None,
            layers: Vec::new(),
            foreign_layers: Vec::new(),
            children: Vec::new(),
            sizes: BTreeMap::new(),
            blob_media_types: BTreeMap::new(),
        };
        if manifest.media_type.is_index() {
            manifest.read_index(document)?;
        } else {
            manifest.read_image(document)?;
        }
        // It is searched for, and not every text can be. What it says beyond that is nobody's business here.
        let unfit = |kind: &String| kind.len() > MAX_ARTIFACT_TYPE || kind.contains(char::is_control);
        if manifest.artifact_type.as_ref().is_some_and(unfit) {
            return Err(invalid("the artifactType, or the media type of the config, is not a media type".to_owned()));
        }
        for list in [&mut manifest.layers, &mut manifest.foreign_layers, &mut manifest.children] {
            list.sort();
            list.dedup();
        }
        Ok(manifest)
    }

    fn read_image(&mut self, document: Document) -> Result<()> {
        let Some(Some(config)) = document.config else {
            return Err(Error::ManifestInvalid("an image manifest must have a config".to_owned()));
        };
        let Some(layers) = document.layers else {
            return Err(Error::ManifestInvalid(
                "an image manifest must have layers, even if the list is empty".to_owned(),
            ));
        };
        self.config = Some(self.blob(&config, "config")?);
        if self.artifact_type.is_none() {
            self.artifact_type = Some(config.media_type);
        }
        let layers = layers.unwrap_or_default();
        check_count(layers.len())?;
        for layer in &layers {
            if layer.media_type.parse::<MediaType>().is_ok_and(|kind| kind.is_nondistributable()) {
                let digest = layer.digest("layers")?;
                self.note_media_type(&digest, layer);
                self.foreign_layers.push(digest);
            } else {
                let digest = self.blob(layer, "layers")?;
                self.layers.push(digest);
            }
        }
        Ok(())
    }

    fn read_index(&mut self, document: Document) -> Result<()> {
        let Some(manifests) = document.manifests else {
            return Err(Error::ManifestInvalid("an index must have manifests, even if the list is empty".to_owned()));
        };
        let manifests = manifests.unwrap_or_default();
        check_count(manifests.len())?;
        for child in &manifests {
            if child.media_type.parse::<MediaType>().is_ok_and(|kind| kind.is_manifest()) {
                self.children.push(child.digest("manifests")?);
            } else {
                let digest = self.blob(child, "manifests")?;
                self.layers.push(digest);
            }
        }
        Ok(())
    }

    /// The digest of a blob whose size is remembered; of two descriptors of one blob both must give the same.
    fn blob(&mut self, descriptor: &Descriptor, place: &str) -> Result<Digest> {
        let digest = descriptor.digest(place)?;
        self.note_media_type(&digest, descriptor);
        let size = descriptor.size.unsigned_abs();
        match self.sizes.insert(digest.clone(), size) {
            Some(other) if other != size => {
                Err(Error::ManifestInvalid(format!("the manifest gives two sizes for {digest}: {other} and {size}")))
            }
            _ => Ok(digest),
        }
    }

    /// Of two descriptors of one blob the first counts.
    fn note_media_type(&mut self, digest: &Digest, descriptor: &Descriptor) {
        if let Ok(media_type) = descriptor.media_type.parse() {
            self.blob_media_types.entry(digest.clone()).or_insert(media_type);
        }
    }
}

impl Document {
    /// The media type by which the document is stored: what the client said, which must not contradict the document;
    /// else what the document says; else what its shape says.
    fn decide_media_type(&self, content_type: Option<&MediaType>) -> Result<MediaType> {
        let own = match self.media_type.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => Some(text.parse::<MediaType>().map_err(|error| Error::ManifestInvalid(error.to_string()))?),
            None => None,
        };
        match (content_type, own) {
            (Some(sent), Some(own)) if *sent != own => {
                Err(Error::ManifestInvalid(format!("the manifest has mediaType '{own}' but was sent as '{sent}'")))
            }
            (Some(sent), _) => Ok(sent.clone()),
            (None, Some(own)) if own.is_docker_schema_1() => Err(schema_1()),
            (None, Some(own)) if own.is_manifest() => Ok(own),
            (None, Some(own)) => {
                Err(Error::ManifestInvalid(format!("'{own}' is not a manifest type that this registry stores")))
            }
            (None, None) => {
                let shape = if self.manifests.is_some() { MediaType::OCI_INDEX } else { MediaType::OCI_MANIFEST };
                shape.parse().map_err(|error: types::Invalid| Error::ManifestInvalid(error.to_string()))
            }
        }
    }
}

impl Descriptor {
    fn digest(&self, place: &str) -> Result<Digest> {
        if self.size < 0 {
            return Err(Error::ManifestInvalid(format!("a descriptor in {place} has a negative size")));
        }
        if self.media_type.is_empty() {
            return Err(Error::ManifestInvalid(format!("a descriptor in {place} has no mediaType")));
        }
        self.digest.parse().map_err(|error| Error::ManifestInvalid(format!("in {place}: {error}")))
    }
}

fn check_count(count: usize) -> Result<()> {
    if count > MAX_REFERENCES {
        return Err(Error::ManifestInvalid(format!(
            "the manifest lists {count} items; at most {MAX_REFERENCES} are allowed"
        )));
    }
    Ok(())
}

fn schema_1() -> Error {
    Error::ManifestInvalid(
        "Docker image manifest schema 1 is not supported; push with a current client, which uses schema 2 or OCI"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(of: &str) -> String {
        types::Algorithm::Sha256.digest(of.as_bytes()).to_string()
    }

    fn descriptor(kind: &str, of: &str) -> String {
        format!(r#"{{"mediaType":"{kind}","digest":"{}","size":3}}"#, digest(of))
    }

    fn image(extra: &str) -> String {
        format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[{}]{extra}}}"#,
            descriptor("application/vnd.oci.image.config.v1+json", "c"),
            descriptor("application/vnd.oci.image.layer.v1.tar+gzip", "l"),
        )
    }

    fn parse(text: &str) -> Result<Manifest> {
        Manifest::parse(text.as_bytes(), None)
    }

    #[test]
    fn an_image_names_its_blobs_and_its_type() {
        let manifest = parse(&image("")).unwrap();
        assert_eq!(manifest.media_type.as_str(), MediaType::OCI_MANIFEST);
        assert_eq!(manifest.artifact_type.as_deref(), Some("application/vnd.oci.image.config.v1+json"));
        assert_eq!(manifest.config.unwrap().as_str(), digest("c"));
        assert_eq!(manifest.layers.len(), 1);
        let typed = parse(&image(r#","artifactType":"application/x","annotations":{"b":"2","a":"1"}"#)).unwrap();
        assert_eq!(typed.artifact_type.as_deref(), Some("application/x"));
        assert_eq!(typed.annotations.as_deref(), Some(r#"{"a":"1","b":"2"}"#));
    }

    #[test]
    fn an_index_tells_manifests_from_blobs() {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{},{}]}}"#,
            MediaType::OCI_INDEX,
            descriptor(MediaType::OCI_MANIFEST, "m"),
            descriptor("application/vnd.buildkit.cacheconfig.v0", "b"),
        );
        let manifest = parse(&text).unwrap();
        assert_eq!((manifest.children.len(), manifest.layers.len()), (1, 1));
        assert_eq!(manifest.artifact_type, None);
    }

    #[test]
    fn foreign_layers_may_be_elsewhere() {
        let text = format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[{}]}}"#,
            descriptor("application/vnd.docker.container.image.v1+json", "c"),
            descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "f"),
        );
        let kind = MediaType::DOCKER_MANIFEST.parse().unwrap();
        let manifest = Manifest::parse(text.as_bytes(), Some(&kind)).unwrap();
        assert_eq!((manifest.layers.len(), manifest.foreign_layers.len()), (0, 1));
        let foreign = &manifest.blob_media_types[&manifest.foreign_layers[0]];
        assert_eq!(foreign.as_str(), "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
    }

    #[test]
    fn what_a_document_calls_its_blobs_is_known_by_digest() {
        let text = format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[{},{},{}]}}"#,
            descriptor("application/vnd.example.config+json", "c"),
            descriptor("application/vnd.example.first", "l"),
            descriptor("application/vnd.example.second", "l"),
            descriptor("no media type\\u0000", "n"),
        );
        let manifest = parse(&text).unwrap();
        let named: Vec<(&str, &str)> =
            manifest.blob_media_types.iter().map(|(digest, kind)| (digest.as_str(), kind.as_str())).collect();
        let (config, layer) = (digest("c"), digest("l"));
        let mut expected = [
            (config.as_str(), "application/vnd.example.config+json"),
            (layer.as_str(), "application/vnd.example.first"),
        ];
        expected.sort_unstable();
        assert_eq!(named, expected);
    }

    #[test]
    fn empty_lists_are_legal() {
        let config = descriptor("application/vnd.oci.empty.v1+json", "{}");
        for layers in ["[]", "null"] {
            parse(&format!(r#"{{"schemaVersion":2,"config":{config},"layers":{layers}}}"#)).unwrap();
            parse(&format!(r#"{{"schemaVersion":2,"manifests":{layers}}}"#)).unwrap();
        }
    }

    #[test]
    fn ambiguous_and_malformed_documents_are_refused() {
        let config = descriptor("a/b", "c");
        for text in [
            String::new(),
            "null".into(),
            "[]".into(),
            "{}".into(),
            r#"{"schemaVersion":2}"#.into(),
            r#"{"schemaVersion":1,"manifests":[]}"#.into(),
            r#"{"schemaVersion":"2","manifests":[]}"#.into(),
            r#"{"schemaVersion":2,"schemaVersion":2,"manifests":[]}"#.into(),
            r#"{"schemaVersion":2,"manifests":[]} x"#.into(),
            r#"{"schemaVersion":2,"manifests":[{}]}"#.into(),
            r#"{"schemaVersion":2,"manifests":{}}"#.into(),
            r#"{"schemaVersion":2,"mediaType":"text/html","manifests":[]}"#.into(),
            r#"{"schemaVersion":2,"fsLayers":[],"manifests":[]}"#.into(),
            format!(r#"{{"schemaVersion":2,"config":{config}}}"#),
            r#"{"schemaVersion":2,"layers":[]}"#.into(),
            r#"{"schemaVersion":2,"config":null,"layers":[]}"#.into(),
            format!(r#"{{"schemaVersion":2,"config":{config},"layers":[],"manifests":[]}}"#),
            format!(r#"{{"schemaVersion":2,"config":{config},"layers":null,"manifests":null}}"#),
            format!(r#"{{"schemaVersion":2,"config":{},"layers":[]}}"#, config.replace("3}", "-3}")),
            format!(r#"{{"schemaVersion":2,"config":{},"layers":[]}}"#, config.replace("sha256", "md5")),
            image(r#","subject":{"mediaType":"a/b","digest":"junk","size":1}"#),
            image(r#","annotations":{"a":1}"#),
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        ] {
            assert!(parse(&text).is_err(), "accepted: {}", text.chars().take(200).collect::<String>());
        }
    }

    #[test]
    fn the_content_type_must_fit_the_document() {
        let index: MediaType = MediaType::OCI_INDEX.parse().unwrap();
        let text = image(&format!(r#","mediaType":"{}""#, MediaType::OCI_MANIFEST));
        assert!(Manifest::parse(text.as_bytes(), Some(&index)).is_err());
        let html: MediaType = "text/html".parse().unwrap();
        assert!(Manifest::parse(text.as_bytes(), Some(&html)).is_err());
        let schema_1: MediaType = "application/vnd.docker.distribution.manifest.v1+prettyjws".parse().unwrap();
        let Err(Error::ManifestInvalid(reason)) = Manifest::parse(b"{}", Some(&schema_1)) else { panic!() };
        assert!(reason.contains("schema 1"));
    }
}
