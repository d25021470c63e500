//! The list of installed packages of apk: paragraphs of one-letter fields (apk's installed database).

use super::{MOST, plausible};
use crate::{Kind, Package};

pub(crate) fn read(text: &str) -> Vec<Package> {
    let mut packages = Vec::new();
    let (mut name, mut version, mut origin) = ("", "", "");
    for line in text.lines().chain([""]) {
        match line.split_once(':') {
            Some(("P", value)) => name = value,
            Some(("V", value)) => version = value,
            Some(("o", value)) => origin = value,
            _ if line.is_empty() => {
                if plausible(name, version) {
                    let mut package = Package::new(Kind::Apk, name, version);
                    let other = origin != name && plausible(origin, version);
                    package.source = other.then(|| (origin.to_owned(), version.to_owned()));
                    packages.push(package);
                }
                (name, version, origin) = ("", "", "");
                if packages.len() == MOST {
                    break;
                }
            }
            _ => {}
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_packages_are_read_with_their_origin() {
        let text =
            "C:Q1x=\nP:musl\nV:1.2.4-r1\no:musl\n\nP:libcrypto3\nV:3.1.3-r0\no:openssl\nF:lib\nR:libcrypto.so.3\n";
        let found = read(text);
        assert_eq!(found[0], Package::new(Kind::Apk, "musl", "1.2.4-r1"));
        assert_eq!(found[1].source, Some(("openssl".to_owned(), "3.1.3-r0".to_owned())));
        assert_eq!(found.len(), 2);
        assert_eq!(read("P:only a name\n\nV:1\n"), []);
    }
}
