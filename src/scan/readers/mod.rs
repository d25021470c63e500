//! Files that tell of packages, by their paths. A file that is not what its name says tells of none: an image may hold
//! anything, and one odd file is no reason to say nothing about the rest.

mod apk;
mod dpkg;

use std::io::Read;

use crate::layer::Contents;
use crate::{Limits, Package, Release, Result};

/// How a file is read.
pub(crate) enum Reader {
    /// From all of its bytes.
    Whole(fn(&str, &[u8]) -> Contents),
    /// As its bytes come; none if it is not of the kind that was looked for.
    #[expect(clippy::type_complexity, reason = "a name for it would be used once")]
    Stream(fn(&mut dyn Read, &Limits) -> Result<Option<Contents>>),
}

/// How the file at a path is read, if it tells of packages.
pub(crate) fn of(path: &str, _executable: bool) -> Option<Reader> {
    Some(Reader::Whole(match path {
        "var/lib/dpkg/status" => |_, bytes| packages(dpkg::read, bytes),
        // Images without a package manager have a file for each package.
        _ if path.starts_with("var/lib/dpkg/status.d/") && !path.ends_with(".md5sums") => {
            |_, bytes| packages(dpkg::read, bytes)
        }
        "lib/apk/db/installed" | "usr/lib/apk/db/installed" => |_, bytes| packages(apk::read, bytes),
        "etc/os-release" | "usr/lib/os-release" => |_, bytes| match Release::parse(&text(bytes)) {
            Some(release) => Contents::Release(release),
            None => Contents::Packages(Vec::new()),
        },
        _ => return None,
    }))
}

fn packages(read: fn(&str) -> Vec<Package>, bytes: &[u8]) -> Contents {
    Contents::Packages(read(&text(bytes)))
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Names and versions longer than these name nothing.
fn plausible(name: &str, version: &str) -> bool {
    (1..=512).contains(&name.len()) && (1..=256).contains(&version.len())
}
