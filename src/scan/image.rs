//! What an image has: its layers laid over one another.

use std::collections::{BTreeMap, BTreeSet};

use crate::layer::{Contents, Layer};
use crate::limits::{EACH, PACKAGES};
use crate::{Error, Kind, Package, Release, Result};

/// Bytes that all of what an image tells of takes: as many layers as it has, it is held as a whole.
const MOST: u64 = 128 << 20;

/// An image, layer by layer from the lowest.
#[derive(Debug, Default)]
pub struct Image {
    files: BTreeMap<String, Contents>,
    /// Bytes that those take.
    held: u64,
    unread: u64,
}

impl Image {
    /// Lays a layer over those that are there.
    pub fn add(&mut self, layer: Layer) -> Result<()> {
        self.files.retain(|path, contents| {
            let stays = !layer.hidden.has(path);
            if !stays {
                self.held -= held(path, contents);
            }
            stays
        });
        for (path, contents) in layer.files {
            self.held += held(&path, &contents);
            // The list of what is hidden is not always whole.
            if let Some(before) = self.files.get(&path) {
                self.held -= held(&path, before);
            }
            self.files.insert(path, contents);
        }
        self.unread += layer.unread;
        if self.held > MOST {
            return Err(Error::Limit(format!("the image tells of more than {MOST} bytes of names")));
        }
        Ok(())
    }

    /// The distribution, if the image is of one that says so.
    pub fn release(&self) -> Option<&Release> {
        ["etc/os-release", "usr/lib/os-release"].iter().find_map(|path| match self.files.get(*path) {
            Some(Contents::Release(release)) if is_text(&release.id) && is_text(&release.version) => Some(release),
            _ => None,
        })
    }

    /// The files that are read of it, by their paths.
    #[cfg(test)]
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Files that are too large to be looked into, in all layers.
    pub fn unread(&self) -> u64 {
        self.unread
    }

    /// The packages, each once. One whose name or version is no text was made up to do harm. An image has no more than a layer
    /// may have: what is made of the list takes many times its memory.
    pub fn packages(&self) -> Result<BTreeSet<Package>> {
        let lists = self.files.values().filter_map(|contents| match contents {
            Contents::Packages(packages) => Some(packages),
            Contents::Release(_) => None,
        });
        let is_named = |package: &&Package| {
            let source = package.source.iter().flat_map(|(name, version)| [name, version]);
            [&package.name, &package.version].into_iter().chain(source).all(|text| is_text(text))
        };
        let mut packages = BTreeSet::new();
        for package in lists.flatten().filter(is_named) {
            if !packages.contains(package) {
                packages.insert(package.clone());
            }
            if packages.len() > PACKAGES {
                return Err(Error::Limit(format!("the image has more than {PACKAGES} packages")));
            }
        }
        Ok(packages)
    }
}

/// What it takes to hold a file.
fn held(path: &str, contents: &Contents) -> u64 {
    EACH + path.len() as u64 + contents.held()
}

/// Whether everybody takes it for text: PostgreSQL stores none with a NUL in it.
fn is_text(text: &str) -> bool {
    !text.contains('\0')
}

/// The ecosystems of OSV whose advisories are about packages of a kind, the exact one first.
pub fn ecosystems(kind: Kind, release: Option<&Release>) -> Vec<String> {
    match kind.ecosystem() {
        Some(ecosystem) => vec![ecosystem.to_owned()],
        None => release.map(Release::ecosystems).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Hidden;

    fn layer(files: &[(&str, &str)], removed: &[&str], opaque: &[&str]) -> Layer {
        let contents = |name: &&str| Contents::Packages(vec![Package::new(Kind::Node, *name, "1")]);
        let mut hidden = Hidden::default();
        removed.iter().for_each(|path| hidden.add(path));
        opaque.iter().for_each(|path| hidden.add_below(path));
        hidden.seal();
        Layer {
            files: files.iter().map(|(path, name)| ((*path).to_owned(), contents(name))).collect(),
            hidden,
            unread: 0,
        }
    }

    fn names(layers: Vec<Layer>) -> Vec<String> {
        let mut image = Image::default();
        for layer in layers {
            image.add(layer).unwrap();
        }
        image.packages().unwrap().into_iter().map(|package| package.name).collect()
    }

    #[test]
    fn what_a_layer_takes_away_is_gone() {
        let base = || layer(&[("a/x", "ax"), ("a/y", "ay"), ("ab", "ab"), ("b/c/d", "d")], &[], &[]);
        assert_eq!(names(vec![base()]), ["ab", "ax", "ay", "d"]);
        assert_eq!(names(vec![base(), layer(&[], &["a/x"], &[])]), ["ab", "ay", "d"]);
        assert_eq!(names(vec![base(), layer(&[], &["a"], &[])]), ["ab", "d"]);
        assert_eq!(names(vec![base(), layer(&[], &["b"], &[])]), ["ab", "ax", "ay"]);
        assert_eq!(names(vec![base(), layer(&[("b/c/e", "e")], &[], &["b"])]), ["ab", "ax", "ay", "e"]);
        assert_eq!(names(vec![base(), layer(&[("z", "z")], &[], &[""])]), ["z"]);
    }

    #[test]
    fn a_layer_takes_nothing_of_its_own_away_and_replaces_files() {
        assert_eq!(names(vec![layer(&[("a", "old")], &[], &[]), layer(&[("a", "new")], &["a"], &[])]), ["new"]);
        // It is taken away and comes back later.
        let again = layer(&[("a/x", "again")], &[], &[]);
        assert_eq!(names(vec![layer(&[("a/x", "x")], &[], &[]), layer(&[], &["a"], &[]), again]), ["again"]);
    }

    /// An image may have thousands of layers.
    #[test]
    fn an_image_does_not_tell_of_more_than_can_be_held() {
        let name = "n".repeat(500);
        let of = |number: usize| {
            let packages = (0..10_000).map(|version| Package::new(Kind::Node, &*name, format!("{number}.{version}")));
            Layer { files: [(number.to_string(), Contents::Packages(packages.collect()))].into(), ..Layer::default() }
        };
        let mut image = Image::default();
        let full = (0..100).find(|number| image.add(of(*number)).is_err());
        assert_eq!(full, Some(21));
        // What takes the place of something else takes no more.
        let mut image = Image::default();
        assert!((0..100).all(|number| image.add(of(number % 10)).is_ok()));
        image.add(layer(&[], &[], &[""])).unwrap();
        assert_eq!(image.held, 0);
    }
}
