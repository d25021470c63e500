//! Paths below `/v2/`, read from their right-hand end: names may hold the words that routes are made of.

use percent_encoding::percent_decode_str;

/// What a path asks for. Names and references are still text: whether they are legal depends on the method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// end-1
    Base,
    /// `_catalog`
    Catalog,
    /// end-3, end-7, end-9
    Manifest {
        /// The repository.
        name: String,
        /// A tag or a digest.
        reference: String,
    },
    /// end-2, end-10
    Blob {
        /// The repository.
        name: String,
        /// The digest.
        digest: String,
    },
    /// end-4, end-11
    Uploads {
        /// The repository.
        name: String,
    },
    /// end-5, end-6, end-13, end-14
    Upload {
        /// The repository.
        name: String,
        /// The session.
        id: String,
    },
    /// end-8
    Tags {
        /// The repository.
        name: String,
    },
    /// end-12
    Referrers {
        /// The repository.
        name: String,
        /// The subject.
        digest: String,
    },
    /// Nothing that the specification has.
    Unknown,
}

impl Route {
    /// Reads a path that begins with `/v2`. Each segment is decoded by itself and once: an encoded slash never becomes
    /// a separator. What cannot be decoded to something legal stays as it is, and no name and no reference takes a `%`.
    pub fn parse(path: &str) -> Self {
        let Some(rest) = path.strip_prefix("/v2") else {
            return Self::Unknown;
        };
        if rest.is_empty() || rest == "/" {
            return Self::Base;
        }
        let Some(rest) = rest.strip_prefix('/') else {
            return Self::Unknown;
        };
        let mut segments = Vec::new();
        for segment in rest.split('/') {
            match percent_decode_str(segment).decode_utf8() {
                Ok(text) if !text.contains(['/', '\\', '%', '\0']) => segments.push(text.into_owned()),
                _ => segments.push(segment.to_owned()),
            }
        }
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let text = |part: &str| part.to_owned();
        match segments.as_slice() {
            ["_catalog"] => Self::Catalog,
            [name @ .., "tags", "list"] if !name.is_empty() => Self::Tags { name: name.join("/") },
            [name @ .., "blobs", "uploads"] if !name.is_empty() => Self::Uploads { name: name.join("/") },
            [name @ .., "blobs", "uploads", ""] if !name.is_empty() => Self::Uploads { name: name.join("/") },
            [name @ .., "blobs", "uploads", id] if !name.is_empty() => {
                Self::Upload { name: name.join("/"), id: text(id) }
            }
            [name @ .., "manifests", reference] if !name.is_empty() && !reference.is_empty() => {
                Self::Manifest { name: name.join("/"), reference: text(reference) }
            }
            [name @ .., "blobs", digest] if !name.is_empty() && !digest.is_empty() => {
                Self::Blob { name: name.join("/"), digest: text(digest) }
            }
            [name @ .., "referrers", digest] if !name.is_empty() && !digest.is_empty() => {
                Self::Referrers { name: name.join("/"), digest: text(digest) }
            }
            _ => Self::Unknown,
        }
    }

    /// The name of the repository, if the route has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Base | Self::Catalog | Self::Unknown => None,
            Self::Manifest { name, .. }
            | Self::Blob { name, .. }
            | Self::Uploads { name }
            | Self::Upload { name, .. }
            | Self::Tags { name }
            | Self::Referrers { name, .. } => Some(name),
        }
    }

    /// The route without its variable parts, for metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Base => "/v2/",
            Self::Catalog => "/v2/_catalog",
            Self::Manifest { .. } => "/v2/{name}/manifests/{reference}",
            Self::Blob { .. } => "/v2/{name}/blobs/{digest}",
            Self::Uploads { .. } => "/v2/{name}/blobs/uploads/",
            Self::Upload { .. } => "/v2/{name}/blobs/uploads/{id}",
            Self::Tags { .. } => "/v2/{name}/tags/list",
            Self::Referrers { .. } => "/v2/{name}/referrers/{digest}",
            Self::Unknown => "/v2/other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(path: &str) -> Option<String> {
        Route::parse(path).name().map(str::to_owned)
    }

    #[test]
    fn routes_are_found_from_the_right() {
        assert_eq!(Route::parse("/v2"), Route::Base);
        assert_eq!(Route::parse("/v2/"), Route::Base);
        assert_eq!(Route::parse("/v2/_catalog"), Route::Catalog);
        assert_eq!(
            Route::parse("/v2/a/b/manifests/latest"),
            Route::Manifest { name: "a/b".into(), reference: "latest".into() }
        );
        assert_eq!(Route::parse("/v2/a/manifests/tags/list"), Route::Tags { name: "a/manifests".into() });
        assert_eq!(
            Route::parse("/v2/a/blobs/uploads/manifests/x"),
            Route::Manifest { name: "a/blobs/uploads".into(), reference: "x".into() }
        );
        assert_eq!(
            Route::parse("/v2/a/blobs/uploads/blobs/uploads/id"),
            Route::Upload { name: "a/blobs/uploads".into(), id: "id".into() }
        );
        assert_eq!(Route::parse("/v2/a/blobs/uploads"), Route::Uploads { name: "a".into() });
        assert_eq!(Route::parse("/v2/a/blobs/uploads/"), Route::Uploads { name: "a".into() });
        assert_eq!(
            Route::parse("/v2/a/blobs/sha256%3Aabc"),
            Route::Blob { name: "a".into(), digest: "sha256:abc".into() }
        );
        assert_eq!(
            Route::parse("/v2/a/referrers/sha256:abc"),
            Route::Referrers { name: "a".into(), digest: "sha256:abc".into() }
        );
    }

    #[test]
    fn nothing_is_decoded_twice_and_no_separator_comes_out_of_an_escape() {
        for name in ["a%2Fb", "a%252Fb", "a%00", "a%5cb", "a%ff", "a%"] {
            assert_eq!(name_of(&format!("/v2/{name}/manifests/x")).as_deref(), Some(name));
        }
        for path in ["/v2x/a/manifests/x", "/v2/manifests/x", "/v2/tags/list", "/v2/a/manifests/", "/v2/a"] {
            assert_eq!(Route::parse(path), Route::Unknown, "{path}");
        }
        // Dots are left for the name's own grammar to refuse.
        assert_eq!(name_of("/v2/../etc/manifests/x").as_deref(), Some("../etc"));
        assert_eq!(name_of("/v2//manifests/x").as_deref(), Some(""));
    }
}
