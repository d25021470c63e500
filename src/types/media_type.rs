//! Media types of manifests. A media type is kept exactly as the client sent it, without parameters.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{Invalid, shown};

/// A media type without parameters, `type/subtype`, at most 255 characters (RFC 6838, section 4.2).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MediaType(Arc<str>);

impl MediaType {
    /// OCI image manifest.
    pub const OCI_MANIFEST: &'static str = "application/vnd.oci.image.manifest.v1+json";
    /// OCI image index.
    pub const OCI_INDEX: &'static str = "application/vnd.oci.image.index.v1+json";
    /// Docker image manifest, schema 2.
    pub const DOCKER_MANIFEST: &'static str = "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker manifest list.
    pub const DOCKER_MANIFEST_LIST: &'static str = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// The media type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether documents of this type describe one image or artifact (config and layers).
    pub fn is_image(&self) -> bool {
        matches!(&*self.0, Self::OCI_MANIFEST | Self::DOCKER_MANIFEST)
    }

    /// Whether documents of this type list other manifests.
    pub fn is_index(&self) -> bool {
        matches!(&*self.0, Self::OCI_INDEX | Self::DOCKER_MANIFEST_LIST)
    }

    /// Whether documents of this type are manifests of any kind that Wharf stores.
    pub fn is_manifest(&self) -> bool {
        self.is_image() || self.is_index()
    }

    /// Whether this is Docker's retired schema 1, signed or not.
    pub fn is_docker_schema_1(&self) -> bool {
        matches!(
            &*self.0,
            "application/vnd.docker.distribution.manifest.v1+json"
                | "application/vnd.docker.distribution.manifest.v1+prettyjws"
        )
    }

    /// Whether the bytes of such a layer are by intent fetched from elsewhere, so that the blob may be absent here
    /// (image-spec, "Non-Distributable Layers"; Docker's foreign layers).
    pub fn is_nondistributable(&self) -> bool {
        self.0.starts_with("application/vnd.oci.image.layer.nondistributable.")
            || &*self.0 == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
            || &*self.0 == "application/vnd.docker.image.rootfs.foreign.diff.tar"
    }
}

impl FromStr for MediaType {
    type Err = Invalid;

    /// Accepts a `Content-Type` value and drops its parameters.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        // RFC 6838 restricted-name-chars.
        let token = |part: &str| {
            part.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
        };
        match essence.split_once('/') {
            Some((kind, subtype)) if essence.len() <= 255 && token(kind) && token(subtype) => Ok(Self(essence.into())),
            _ => Err(Invalid::new(format!("'{}' is not a media type", shown(text)))),
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_dropped_and_nonsense_is_refused() {
        let parsed: MediaType = "application/vnd.oci.image.index.v1+json; charset=utf-8".parse().unwrap();
        assert_eq!(parsed.as_str(), MediaType::OCI_INDEX);
        assert!(parsed.is_index());
        for text in ["", "json", "/", "a/", "/b", "a/b/c", "a b/c", "text/<script>"] {
            assert!(text.parse::<MediaType>().is_err(), "{text:?} was accepted");
        }
    }
}
