//! Names of images. People leave parts of a name away, and engines write it in their own way; here each has one form.

/// A name with all that it leaves open: the registry, and the tag. A tag beside a digest says nothing.
pub(super) fn whole(name: &str) -> String {
    let (place, digest) = match name.split_once('@') {
        Some((place, digest)) => (place, Some(digest)),
        None => (name, None),
    };
    let (path, tag) = match place.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (place, "latest"),
    };
    let is_registry = |first: &str| first.contains(['.', ':']) || first == "localhost";
    let path = match path.split_once('/') {
        Some(("docker.io" | "index.docker.io", rest)) if rest.contains('/') => format!("docker.io/{rest}"),
        Some(("docker.io" | "index.docker.io", rest)) => format!("docker.io/library/{rest}"),
        Some((first, _)) if is_registry(first) => path.to_owned(),
        Some(_) => format!("docker.io/{path}"),
        None => format!("docker.io/library/{path}"),
    };
    match digest {
        Some(digest) => format!("{path}@{digest}"),
        None => format!("{path}:{tag}"),
    }
}

/// The repository of a whole name.
pub(super) fn repository(whole: &str) -> &str {
    match whole.split_once('@') {
        Some((repository, _)) => repository,
        None => whole.rsplit_once(':').map_or(whole, |(repository, _)| repository),
    }
}

/// The id of an image without what some engines put before it and others leave away.
pub(super) fn bare(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        for (name, expected) in [
            ("busybox", "docker.io/library/busybox:latest"),
            ("busybox:1", "docker.io/library/busybox:1"),
            ("docker.io/busybox", "docker.io/library/busybox:latest"),
            ("index.docker.io/a/b:1", "docker.io/a/b:1"),
            ("a/b", "docker.io/a/b:latest"),
            ("localhost/b", "localhost/b:latest"),
            ("localhost:5000/a/b", "localhost:5000/a/b:latest"),
            ("h.example/a@sha256:00", "h.example/a@sha256:00"),
            ("h.example:1/a:t@sha256:00", "h.example:1/a@sha256:00"),
            ("busybox@sha256:00", "docker.io/library/busybox@sha256:00"),
        ] {
            assert_eq!(whole(name), expected);
            assert_eq!(whole(expected), expected);
        }
        assert_eq!(repository("localhost:5000/a:1"), "localhost:5000/a");
        assert_eq!(repository("localhost:5000/a@sha256:00"), "localhost:5000/a");
        assert_eq!(bare("sha256:00"), bare("00"));
    }
}
