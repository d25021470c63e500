//! Lock files that are lists of tables `[[package]]`, as Cargo, Poetry and uv write them. Each table is read for itself: a
//! tree of the whole file takes many times its bytes, if it was written for that.

use serde::Deserialize;
use serde::de::DeserializeOwned;

const HEAD: &str = "[[package]]";
/// Bytes of one table; a longer one is of no package.
const LONGEST: usize = 1 << 20;

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    package: Vec<T>,
}

/// The packages of a file, as far as they can be read.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> impl Iterator<Item = T> {
    pieces(text)
        .filter(|piece| piece.len() <= LONGEST)
        .filter_map(|piece| toml::from_str::<List<T>>(piece).ok())
        .flat_map(|list| list.package)
}

/// What begins with the head of a table, up to the next.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = next(text, 0).map(|at| &text[at..]);
    std::iter::from_fn(move || {
        let piece = rest?;
        let end = next(piece, HEAD.len());
        rest = end.map(|end| &piece[end..]);
        Some(end.map_or(piece, |end| &piece[..end]))
    })
}

/// Where the next head begins a line.
fn next(text: &str, from: usize) -> Option<usize> {
    let begins = |at: usize| at == 0 || text.as_bytes()[at - 1] == b'\n';
    text[from..].match_indices(HEAD).map(|(at, _)| from + at).find(|at| begins(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    fn names(text: &str) -> Vec<String> {
        read::<Named>(text).map(|named| named.name).collect()
    }

    #[test]
    fn each_table_is_read_for_itself() {
        let lock = "version = 3\n[[package]]\nname = \"a\"\n[package.dependencies]\nname = \"1\"\n\n[[package]]\nname = \"b\"\nx = [\n 1,\n]\n[metadata]\ny = 1\n";
        assert_eq!(names(lock), ["a", "b"]);
        // A table that cannot be read takes no other with it.
        assert_eq!(names("[[package]]\nname = 1\n[[package]]\r\nname = \"b\""), ["b"]);
        assert_eq!(names(&format!("[[package]]\nname = \"a\"\nx = \"{}\"\n", "x".repeat(LONGEST))), [""; 0]);
        for nothing in ["", "[[package]]", "[package]\nname = \"a\"", " [[package]]\nname = \"a\""] {
            assert_eq!(names(nothing), [""; 0], "{nothing}");
        }
    }
}
