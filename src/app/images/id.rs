//! How calls of ECR name an image: by digest, by tag, or by both; and what may be wrong with that.
//!
//! Codes and texts of failures are ECR's, as its clients see them.

use std::collections::HashMap;

use store::{Conn, manifests, tags};
use types::{Digest, Tag};

use crate::{Ctx, Error, Permit, Result, repositories};

/// What names an image in a call, as the client wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ImageId {
    /// Its digest.
    pub digest: Option<String>,
    /// One of its tags.
    pub tag: Option<String>,
}

/// Why a call did nothing about one of the images that it named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Neither digest nor tag was given.
    MissingDigestAndTag,
    /// The digest is no digest.
    InvalidImageDigest,
    /// The tag is no tag.
    InvalidImageTag,
    /// There is no such image.
    ImageNotFound,
    /// The tag belongs to an image with another digest.
    ImageTagDoesNotMatchDigest,
    /// An index lists the image.
    ImageReferencedByManifestList,
    /// The image is archived.
    ImageInaccessible,
}

impl Failure {
    /// ECR's `failureCode`.
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingDigestAndTag => "MissingDigestAndTag",
            Self::InvalidImageDigest => "InvalidImageDigest",
            Self::InvalidImageTag => "InvalidImageTag",
            Self::ImageNotFound => "ImageNotFound",
            Self::ImageTagDoesNotMatchDigest => "ImageTagDoesNotMatchDigest",
            Self::ImageReferencedByManifestList => "ImageReferencedByManifestList",
            Self::ImageInaccessible => "ImageInaccessible",
        }
    }

    /// ECR's `failureReason`. The texts of an invalid tag, of a tag that does not match and of an archived image were not
    /// observed.
    pub fn reason(self) -> &'static str {
        match self {
            Self::MissingDigestAndTag => "Invalid request parameters: both tag and digest cannot be null",
            Self::InvalidImageDigest => {
                "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
            }
            Self::InvalidImageTag => {
                "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'"
            }
            Self::ImageNotFound => "Requested image not found",
            Self::ImageTagDoesNotMatchDigest => "Requested image tag does not match the image digest",
            Self::ImageReferencedByManifestList => "Requested image referenced by manifest list",
            Self::ImageInaccessible => "Requested image is archived",
        }
    }
}

/// An id that is well formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Tag(Tag),
    Digest(Digest),
    Both(Tag, Digest),
}

impl ImageId {
    /// What the id names, or why it names nothing.
    pub(super) fn parse(&self) -> std::result::Result<Named, Failure> {
        let digest = match &self.digest {
            Some(text) if !is_digest(text) => return Err(Failure::InvalidImageDigest),
            // Of an algorithm that nothing is stored under, or in another spelling.
            Some(text) => Some(text.parse::<Digest>().map_err(|_| Failure::ImageNotFound)?),
            None => None,
        };
        let tag = match &self.tag {
            Some(text) => Some(text.parse::<Tag>().map_err(|_| Failure::InvalidImageTag)?),
            None => None,
        };
        match (tag, digest) {
            (Some(tag), Some(digest)) => Ok(Named::Both(tag, digest)),
            (Some(tag), None) => Ok(Named::Tag(tag)),
            (None, Some(digest)) => Ok(Named::Digest(digest)),
            (None, None) => Err(Failure::MissingDigestAndTag),
        }
    }
}

/// Whether a text is a digest to ECR: `[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+`.
pub fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, encoded)| {
        !algorithm.is_empty()
            && algorithm.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+.".contains(&byte))
            && !encoded.is_empty()
            && encoded.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Finds the images that ids name, in two queries however many there are.
pub(crate) async fn resolve(
    conn: &mut Conn,
    repository_id: &str,
    ids: &[ImageId],
) -> Result<Vec<std::result::Result<Digest, Failure>>> {
    let named: Vec<_> = ids.iter().map(ImageId::parse).collect();
    let wanted: Vec<&Tag> = named
        .iter()
        .filter_map(|named| match named {
            Ok(Named::Tag(tag) | Named::Both(tag, _)) => Some(tag),
            _ => None,
        })
        .collect();
    let mut targets: HashMap<Tag, Digest> = HashMap::new();
    if !wanted.is_empty() {
        targets.extend(tags::list_targets(conn, repository_id, &wanted).await?);
    }
    let wanted: Vec<&Digest> = named
        .iter()
        .filter_map(|named| match named {
            Ok(Named::Digest(digest)) => Some(digest),
            _ => None,
        })
        .collect();
    let existing = match wanted.is_empty() {
        true => Vec::new(),
        false => manifests::list_existing(conn, repository_id, &wanted).await?,
    };
    let found = named.into_iter().map(|named| match named? {
        Named::Digest(digest) if existing.contains(&digest) => Ok(digest),
        Named::Digest(_) => Err(Failure::ImageNotFound),
        Named::Tag(tag) => targets.get(&tag).cloned().ok_or(Failure::ImageNotFound),
        Named::Both(tag, digest) => match targets.get(&tag) {
            Some(target) if *target == digest => Ok(digest),
            Some(_) => Err(Failure::ImageTagDoesNotMatchDigest),
            None => Err(Failure::ImageNotFound),
        },
    });
    Ok(found.collect())
}

/// The image that an id names, which must exist; for calls about one image.
pub(crate) async fn find(ctx: &Ctx, permit: &Permit, id: &ImageId) -> Result<Digest> {
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let found = resolve(&mut conn, &repository.repository_id, std::slice::from_ref(id)).await?.pop();
    let invalid = |failure: Failure| {
        // The reason says so itself.
        let constraint = failure.reason().trim_start_matches("Invalid request parameters: ").to_owned();
        Error::InvalidParameter { parameter: "imageId", constraint }
    };
    match found {
        Some(Ok(digest)) => Ok(digest),
        Some(Err(
            failure @ (Failure::MissingDigestAndTag | Failure::InvalidImageDigest | Failure::InvalidImageTag),
        )) => Err(invalid(failure)),
        Some(Err(
            Failure::ImageNotFound
            | Failure::ImageTagDoesNotMatchDigest
            | Failure::ImageReferencedByManifestList
            | Failure::ImageInaccessible,
        ))
        | None => Err(Error::ImageUnknown {
            registry: permit.registry().clone(),
            repository: permit.repository().clone(),
            id: id.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(digest: Option<&str>, tag: Option<&str>) -> std::result::Result<Named, Failure> {
        ImageId { digest: digest.map(str::to_owned), tag: tag.map(str::to_owned) }.parse()
    }

    #[test]
    fn ids_are_told_apart_as_by_ecr() {
        let digest = types::Algorithm::Sha256.digest(b"x");
        assert_eq!(parse(None, None), Err(Failure::MissingDigestAndTag));
        for text in ["", "sha256", "sha256:", ":abc", "sha256:xyz", "sha 256:abc", "sha256:ab:cd"] {
            assert_eq!(parse(Some(text), None), Err(Failure::InvalidImageDigest), "{text}");
        }
        for text in ["sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", &digest.as_str().to_uppercase()] {
            assert_eq!(parse(Some(text), Some("t")), Err(Failure::ImageNotFound), "{text}");
        }
        assert_eq!(parse(None, Some("a b")), Err(Failure::InvalidImageTag));
        assert_eq!(parse(Some(digest.as_str()), None), Ok(Named::Digest(digest.clone())));
        let tag: Tag = "t".parse().unwrap();
        assert_eq!(parse(None, Some("t")), Ok(Named::Tag(tag.clone())));
        assert_eq!(parse(Some(digest.as_str()), Some("t")), Ok(Named::Both(tag, digest)));
    }
}
