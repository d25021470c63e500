//! Files that tell of packages, by their paths. A file that is not what its name says tells of none: an image may hold
//! anything, and one odd file is no reason to say nothing about the rest.

mod apk;
mod cargo;
mod dpkg;
mod go;
mod java;
mod json;
mod node;
mod program;
mod python;
mod rpm;
mod ruby;
mod tables;

use std::io::Read;

use crate::layer::Contents;
use crate::limits::PACKAGES;
use crate::{Limits, Package, Release, Result};

/// How a file is read.
pub(crate) enum Reader {
    /// From all of its bytes.
    Whole(fn(&str, &[u8]) -> Contents),
    /// As its bytes come; none if it is not of the kind that was looked for.
    Stream(fn(&mut dyn Read, &Limits) -> Result<Option<Contents>>),
}

/// Packages that are taken from one file: one more than a layer may have, which shows that it has too many. A few bytes of
/// a file can make hundreds of bytes of a package, so they are counted while they are read.
const MOST: usize = PACKAGES + 1;

/// Where rpm has its database, of older and newer systems.
const RPM: &[&str] = &["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"];

/// How the file at a path is read, if it tells of packages.
pub(crate) fn of(path: &str, executable: bool) -> Option<Reader> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let inside = |suffix: &str| directory.ends_with(suffix);
    // Lock files that a package brought with it say what its authors had, and not what is here.
    let own = !["node_modules/", "site-packages/", "dist-packages/", "/gems/", "/registry/src/"]
        .iter()
        .any(|place| path.contains(place));
    Some(Reader::Whole(match (path, name) {
        ("var/lib/dpkg/status", _) => |_, bytes| packages(dpkg::read, bytes),
        // Images without a package manager have a file for each package.
        _ if directory == "var/lib/dpkg/status.d" && !name.ends_with(".md5sums") => {
            |_, bytes| packages(dpkg::read, bytes)
        }
        ("lib/apk/db/installed" | "usr/lib/apk/db/installed", _) => |_, bytes| packages(apk::read, bytes),
        (_, "rpmdb.sqlite" | "Packages.db") if RPM.contains(&directory) => {
            |_, bytes| Contents::Packages(rpm::read(bytes))
        }
        ("etc/os-release" | "usr/lib/os-release", _) => |_, bytes| match Release::parse(&text(bytes)) {
            Some(release) => Contents::Release(release),
            None => Contents::Packages(Vec::new()),
        },
        (_, "METADATA") if inside(".dist-info") => |_, bytes| packages(python::read_metadata, bytes),
        (_, "PKG-INFO") if inside(".egg-info") || inside("/EGG-INFO") => {
            |_, bytes| packages(python::read_metadata, bytes)
        }
        // A file and no directory, from the time of distutils.
        _ if name.ends_with(".egg-info") => |_, bytes| packages(python::read_metadata, bytes),
        (_, "poetry.lock" | "uv.lock") if own => |_, bytes| packages(python::read_lock, bytes),
        (_, "Pipfile.lock") if own => |_, bytes| packages(python::read_pipfile_lock, bytes),
        (_, "requirements.txt") if own => |_, bytes| packages(python::read_requirements, bytes),
        (_, "package.json") if directory.contains("node_modules/") => |_, bytes| packages(node::read_package, bytes),
        (_, "package-lock.json" | "npm-shrinkwrap.json") if own => |_, bytes| packages(node::read_lock, bytes),
        (_, "yarn.lock") if own => |_, bytes| packages(node::read_yarn_lock, bytes),
        (_, "Gemfile.lock") if own => |_, bytes| packages(ruby::read_lock, bytes),
        _ if name.ends_with(".gemspec") && (inside("/specifications") || inside("/specifications/default")) => {
            |path, _| Contents::Packages(ruby::read_name(path))
        }
        (_, "Cargo.lock") if own => |_, bytes| packages(cargo::read_lock, bytes),
        _ if [".jar", ".war", ".ear"].iter().any(|end| name.ends_with(end)) => {
            |_, bytes| Contents::Packages(java::read(bytes))
        }
        _ if executable && !name.contains(".so") => return Some(Reader::Stream(program::read)),
        _ => return None,
    }))
}

/// Whether an image is not understood without the file at a path: then one that is too large is no file to pass over.
pub(crate) fn is_essential(path: &str) -> bool {
    const PLACES: &[&str] = &["var/lib/dpkg/", "lib/apk/", "usr/lib/apk/", "etc/", "usr/lib/os-release"];
    PLACES.iter().chain(RPM).any(|start| path.starts_with(start))
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
