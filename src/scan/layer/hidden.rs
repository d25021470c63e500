//! What a layer hides of those beneath: whatever stood where it puts a file or a link, what it takes away, and what was in
//! directories that it makes anew. A layer has up to millions of paths, and any of them may hide something of a layer that is
//! not known yet. So a path is kept as a number, and no more than [`MAX_MARKS`] of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Marks that are kept of a layer: 1.6 MB in memory, 2.1 MB when stored. Of one with more, the first are: what the others
/// hide is told of still, which is too much and never too little.
const MAX_MARKS: usize = 200_000;

/// Paths as the numbers that [`Path`] makes of them, in order. By chance, one of a million paths is taken for one of a full
/// list once in a hundred million images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hidden {
    marks: Vec<u64>,
}

impl Hidden {
    /// Nothing of what was at a path is left, nor below it: there is a file, a link, or nothing.
    pub(crate) fn add(&mut self, path: &str) {
        self.push(Path::of(path));
    }

    /// A directory is at a path: it takes the place of a file, and not of a directory.
    pub(crate) fn add_directory(&mut self, path: &str) {
        self.push(Path::of(path).then(b'/'));
    }

    /// Nothing of what was below a path is left; the empty one is the root.
    pub(crate) fn add_below(&mut self, path: &str) {
        self.push(Path::of(path).then(b'/').then(b'/'));
    }

    fn push(&mut self, path: Path) {
        if self.marks.len() < MAX_MARKS {
            self.marks.push(path.0);
        }
    }

    /// Ends the list. Before, nothing is found in it.
    pub(crate) fn seal(&mut self) {
        self.marks.sort_unstable();
        self.marks.dedup();
    }

    /// Whether a file of a layer beneath is hidden.
    pub(crate) fn has(&self, file: &str) -> bool {
        if self.marks.is_empty() {
            return false;
        }
        let has = |path: Path| self.marks.binary_search(&path.0).is_ok();
        if has(Path::of("").then(b'/').then(b'/')) {
            return true;
        }
        let mut path = Path::of("");
        for byte in file.bytes() {
            let next = path.then(byte);
            if byte == b'/' && (has(path) || has(next.then(b'/'))) {
                return true;
            }
            path = next;
        }
        has(path) || has(path.then(b'/'))
    }
}

/// A path as a number: FNV-1a. It is stored, so it never changes. That others can be made with the same number helps nobody:
/// whoever makes the upper layer can hide a file as well by a file.
#[derive(Clone, Copy)]
struct Path(u64);

impl Path {
    fn of(path: &str) -> Self {
        path.bytes().fold(Self(0xcbf2_9ce4_8422_2325), Self::then)
    }

    fn then(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.marks.iter().flat_map(|mark| mark.to_be_bytes()).collect();
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = STANDARD_NO_PAD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        let (marks, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            return Err(D::Error::custom("a mark is cut off"));
        }
        Ok(Self { marks: marks.iter().map(|mark| u64::from_be_bytes(*mark)).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(add: impl Fn(&mut Hidden)) -> Hidden {
        let mut hidden = Hidden::default();
        add(&mut hidden);
        hidden.seal();
        hidden
    }

    #[test]
    fn a_file_hides_a_file_and_a_directory() {
        let hidden = hidden(|hidden| hidden.add("a/b"));
        assert!(hidden.has("a/b") && hidden.has("a/b/c") && hidden.has("a/b/c/d"));
        assert!(!hidden.has("a") && !hidden.has("a/bc") && !hidden.has("a/c") && !hidden.has("b") && !hidden.has("a/"));
    }

    #[test]
    fn a_directory_hides_a_file_alone() {
        let hidden = hidden(|hidden| hidden.add_directory("a/b"));
        assert!(hidden.has("a/b") && !hidden.has("a/b/c") && !hidden.has("a") && !hidden.has("a/bc"));
    }

    #[test]
    fn a_new_directory_hides_what_was_below_it() {
        let below = hidden(|hidden| hidden.add_below("a/b"));
        assert!(below.has("a/b/c") && below.has("a/b/c/d") && !below.has("a/b") && !below.has("a/bc/d"));
        let root = hidden(|hidden| hidden.add_below(""));
        assert!(root.has("a") && root.has("a/b"));
    }

    #[test]
    fn it_is_stored_and_bounded() {
        let full = hidden(|hidden| (0..=MAX_MARKS).for_each(|at| hidden.add(&at.to_string())));
        assert_eq!(full.marks.len(), MAX_MARKS);
        assert!(full.has("0") && !full.has(&MAX_MARKS.to_string()));
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(serde_json::from_str::<Hidden>(&text).unwrap(), full);
        assert!(text.len() < 2_200_000);
        assert!(serde_json::from_str::<Hidden>("\"AAAA\"").is_err());
        assert_eq!(serde_json::from_str::<Hidden>("\"\"").unwrap(), Hidden::default());
    }
}
