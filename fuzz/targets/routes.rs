//! Paths: a route has as many segments as its path, none of which was cut out of an escape, and reads the same when it is written
//! again without escapes. So no two readers of a path can see different repositories in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_oci::Route;
use wharf_types::{Reference, RepoName};

fuzz_target!(|path: &str| {
    let route = Route::parse(path);
    assert!(route.label().starts_with("/v2/"));
    // What cannot be decoded to something legal stays in its segment as it was, and no grammar takes it.
    if let Some(name) = route.name().filter(|name| name.contains(['%', '\\', '\0'])) {
        assert!(name.parse::<RepoName>().is_err(), "{name:?}");
        return;
    }
    if let Route::Manifest { reference: last, .. }
    | Route::Blob { digest: last, .. }
    | Route::Referrers { digest: last, .. }
    | Route::Upload { id: last, .. } = &route
        && last.contains(['%', '\\', '\0'])
    {
        assert!(last.parse::<Reference>().is_err(), "{last:?}");
        return;
    }
    let plain = match &route {
        Route::Unknown => return,
        Route::Base => {
            assert!(path == "/v2" || path == "/v2/", "{path:?}");
            return;
        }
        Route::Catalog => "/v2/_catalog".to_owned(),
        Route::Manifest { name, reference } => format!("/v2/{name}/manifests/{}", segment(reference)),
        Route::Blob { name, digest } => format!("/v2/{name}/blobs/{}", segment(digest)),
        Route::Uploads { name } => format!("/v2/{name}/blobs/uploads/"),
        Route::Upload { name, id } => format!("/v2/{name}/blobs/uploads/{}", segment(id)),
        Route::Tags { name } => format!("/v2/{name}/tags/list"),
        Route::Referrers { name, digest } => format!("/v2/{name}/referrers/{}", segment(digest)),
    };
    let name = route.name().unwrap_or_default();
    assert!(!name.contains(['%', '\\', '\0']), "{name:?} in {path:?}");
    assert_eq!(Route::parse(&plain), route, "{path:?} and {plain:?}");
    // The one path that may be written with and without its last slash.
    let slash = usize::from(matches!(route, Route::Uploads { .. }) && !path.ends_with('/'));
    assert_eq!(path.matches('/').count() + slash, plain.matches('/').count(), "{path:?} became {plain:?}");
    if !path.contains('%') {
        assert_eq!(path.trim_end_matches('/'), plain.trim_end_matches('/'));
    }
});

/// A part of a route that is one segment, and does not hold what a separator may be made of.
fn segment(text: &str) -> &str {
    assert!(!text.is_empty() && !text.contains(['/', '%', '\\', '\0']), "{text:?}");
    text
}
