//! Images as Docker and Podman speak of them.

use bollard::errors::Error as Refusal;

use super::{Failed, Image, Removal, Result};

/// What stands where a name would be, if there is none.
const NONE: &str = "<none>";

/// An image, as it was asked for, if it was asked for by a name.
pub(super) fn image(asked: Option<&str>, id: String, tags: Vec<String>, digests: Vec<String>) -> Image {
    let digest = asked.and_then(|asked| digest_of(asked, &digests));
    let names = tags.into_iter().chain(digests).filter(|name| !name.starts_with(NONE)).collect();
    Image { id, digest, names }
}

/// What came of a removal.
pub(super) fn removal<T>(outcome: std::result::Result<T, Failed>) -> Result<Removal> {
    match outcome {
        Ok(_) => Ok(Removal::Done),
        Err(Failed::Refused(Refusal::DockerResponseServerError { status_code: 404, .. })) => Ok(Removal::Absent),
        Err(Failed::Refused(Refusal::DockerResponseServerError { status_code: 409, .. })) => Ok(Removal::InUse),
        Err(failed) => Err(failed.into()),
    }
}

/// The name of an image and its tag or digest. The engine takes both apart; a digest is its own tag there.
pub(super) fn split(image: &str) -> (&str, Option<&str>) {
    if let Some((name, digest)) = image.split_once('@') {
        return (name, Some(digest));
    }
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (image, Some("latest")),
    }
}

/// The digest by which an image is here, of those that the engine knows of it. One image may have several, also in one
/// repository: it may be in an index, and beside it.
fn digest_of(image: &str, known: &[String]) -> Option<String> {
    if let Some((_, asked)) = image.split_once('@') {
        return Some(asked.to_owned());
    }
    let (name, _) = split(image);
    let of_name = |digest: &&String| digest.split_once('@').is_some_and(|(of, _)| of == name);
    let digest = known.iter().find(of_name).or(known.first())?;
    Some(digest.split_once('@')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart_as_the_engine_wants_them() {
        assert_eq!(split("busybox"), ("busybox", Some("latest")));
        assert_eq!(split("localhost:5000/a/b"), ("localhost:5000/a/b", Some("latest")));
        assert_eq!(split("localhost:5000/a/b:1"), ("localhost:5000/a/b", Some("1")));
        assert_eq!(split("h/a@sha256:00"), ("h/a", Some("sha256:00")));
        assert_eq!(split("h/a:t@sha256:00"), ("h/a:t", Some("sha256:00")));
    }

    #[test]
    fn an_image_that_was_asked_for_by_digest_has_that() {
        let known = ["other/a@sha256:00", "h:5000/a@sha256:01", "h:5000/a@sha256:02"].map(str::to_owned);
        for (image, digest) in [
            ("h:5000/a@sha256:02", "sha256:02"),
            ("h:5000/a:1@sha256:02", "sha256:02"),
            ("h:5000/a:1", "sha256:01"),
            ("short", "sha256:00"),
        ] {
            assert_eq!(digest_of(image, &known).as_deref(), Some(digest), "{image}");
        }
        assert_eq!(digest_of("a", &[]), None);
    }

    #[test]
    fn what_an_image_is_called_has_no_placeholders() {
        let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let found =
            image(None, "id".to_owned(), strings(&["<none>:<none>"]), strings(&["h/a@sha256:00", "<none>@<none>"]));
        assert_eq!(found.names, ["h/a@sha256:00"]);
    }

    #[test]
    fn a_conflict_is_no_failure_and_neither_is_an_image_that_is_gone() {
        let refused =
            |status_code| Failed::Refused(Refusal::DockerResponseServerError { status_code, message: "no".to_owned() });
        assert_eq!(removal(Ok(())), Ok(Removal::Done));
        assert_eq!(removal::<()>(Err(refused(404))), Ok(Removal::Absent));
        assert_eq!(removal::<()>(Err(refused(409))), Ok(Removal::InUse));
        assert!(removal::<()>(Err(refused(500))).is_err());
    }
}
