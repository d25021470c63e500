//! The list of installed packages of dpkg: paragraphs of `Field: value` (deb-control(5), dpkg's status file).

use super::{MOST, plausible};
use crate::{Kind, Package};

pub(crate) fn read(text: &str) -> Vec<Package> {
    let mut packages = Vec::new();
    let mut paragraph = Paragraph::default();
    for line in text.lines() {
        if line.trim().is_empty() {
            packages.extend(std::mem::take(&mut paragraph).package());
            if packages.len() == MOST {
                return packages;
            }
            continue;
        }
        // A line that begins with a space goes on with the field before: no field that matters does.
        let Some((field, value)) = line.split_once(':').filter(|_| !line.starts_with([' ', '\t'])) else { continue };
        let value = value.trim();
        match field {
            "Package" => paragraph.name = Some(value),
            "Version" => paragraph.version = Some(value),
            "Source" => paragraph.source = Some(value),
            "Status" => paragraph.status = Some(value),
            _ => {}
        }
    }
    packages.extend(paragraph.package());
    packages
}

#[derive(Default)]
struct Paragraph<'t> {
    name: Option<&'t str>,
    version: Option<&'t str>,
    source: Option<&'t str>,
    status: Option<&'t str>,
}

impl Paragraph<'_> {
    fn package(self) -> Option<Package> {
        let (name, version) = (self.name?, self.version?);
        // Removed packages stay in the list with their settings. Files of one package have no status.
        if self.status.is_some_and(|status| !status.ends_with(" installed")) || !plausible(name, version) {
            return None;
        }
        let mut package = Package::new(Kind::Deb, name, version);
        if let Some(source) = self.source {
            // `Source: name (version)`, the version only if it differs.
            let (name, rest) = source.split_once(' ').unwrap_or((source, ""));
            let own = rest.trim().trim_start_matches('(').trim_end_matches(')').trim();
            let of = if own.is_empty() { version } else { own };
            package.source = plausible(name, of).then(|| (name.to_owned(), of.to_owned()));
        }
        Some(package)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_packages_are_read_with_their_sources() {
        let text = "Package: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: 3.0.11-1~deb12u1\n\
                    Description: a\n Package: no\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
                    Package: libgcc-s1\nStatus: install ok installed\nSource: gcc-12 (12.2.0-14)\nVersion: 12.2.0-14+b1\n\
                    \nPackage: single\nVersion: 2\n";
        let found = read(text);
        let names: Vec<&str> = found.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["libssl3", "libgcc-s1", "single"]);
        assert_eq!(found[0].source, Some(("openssl".to_owned(), "3.0.11-1~deb12u1".to_owned())));
        assert_eq!(found[1].source, Some(("gcc-12".to_owned(), "12.2.0-14".to_owned())));
        assert_eq!(found[2].source, None);
        assert_eq!(read("no list\n\n:\nPackage:\nVersion:\n"), []);
    }
}
