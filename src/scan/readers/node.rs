//! Packages of npm: what is installed, and the lock files of npm and Yarn.

use super::{MOST, json, plausible};
use crate::{Kind, Package};

/// Dependencies in dependencies are followed so far. Each level is read once more than the one above.
const DEPTH: usize = 64;

/// `node_modules/…/package.json`.
pub(crate) fn read_package(text: &str) -> Vec<Package> {
    let fields = json::fields(text, ["name", "version"]);
    let Some([Some(name), Some(version)]) = fields.map(|fields| fields.map(|field| json::text(field?))) else {
        return Vec::new();
    };
    if plausible(&name, &version) { vec![Package::new(Kind::Node, name, version)] } else { Vec::new() }
}

/// `package-lock.json`, of all its versions.
pub(crate) fn read_lock(text: &str) -> Vec<Package> {
    let Some([listed, nested]) = json::fields(text, ["packages", "dependencies"]) else { return Vec::new() };
    let mut packages = Vec::new();
    if let Some(listed) = listed.filter(|listed| listed.starts_with('{')) {
        json::members(listed, |path, package| {
            // The project itself has no path; a link is a part of it.
            let Some((_, name)) = path.rsplit_once("node_modules/") else { return };
            let Some([own, version]) = json::fields(package, ["name", "version"]) else { return };
            add(&mut packages, own.and_then(json::text).as_deref().unwrap_or(name), version);
        });
        return packages;
    }
    // No recursion: how deep it goes is the image's choice.
    let mut waiting: Vec<(usize, &str)> = nested.into_iter().map(|nested| (0, nested)).collect();
    while let Some((depth, dependencies)) = waiting.pop() {
        json::members(dependencies, |name, package| {
            let Some([version, nested]) = json::fields(package, ["version", "dependencies"]) else { return };
            add(&mut packages, name, version);
            waiting.extend(nested.filter(|_| depth < DEPTH).map(|nested| (depth + 1, nested)));
        });
    }
    packages
}

fn add(packages: &mut Vec<Package>, name: &str, version: Option<&str>) {
    let version = version.and_then(json::text).unwrap_or_default();
    let released = version.starts_with(|first: char| first.is_ascii_digit());
    if plausible(name, &version) && released && packages.len() < MOST {
        packages.push(Package::new(Kind::Node, name, version));
    }
}

/// `yarn.lock`, of both of its formats.
pub(crate) fn read_yarn_lock(text: &str) -> Vec<Package> {
    let mut packages = Vec::new();
    let mut name = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if !line.starts_with(' ') {
            // `"@scope/name@^1.0.0", "@scope/name@^1.1.0":`; the newer format has `npm:` before the range.
            let first = line.split(',').next().unwrap_or_default().trim_matches(['"', ':', ' ']);
            name = first.char_indices().skip(1).find(|(_, character)| *character == '@').map(|(at, _)| &first[..at]);
            continue;
        }
        let version = line.trim().strip_prefix("version").map(|rest| rest.trim_matches([' ', ':', '"']));
        if let (Some(version), Some(of)) = (version, name) {
            if plausible(of, version) && version.starts_with(|first: char| first.is_ascii_digit()) {
                packages.push(Package::new(Kind::Node, of, version));
            }
            name = None;
        }
        if packages.len() == MOST {
            break;
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(packages: &[Package]) -> Vec<(&str, &str)> {
        packages.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect()
    }

    #[test]
    fn what_is_installed_and_what_is_locked() {
        assert_eq!(names(&read_package(r#"{"name":"@a/b","version":"1.2.3"}"#)), [("@a/b", "1.2.3")]);
        let lock = r#"{"packages":{"":{"name":"own","version":"1.0.0"},"node_modules/@a/b":{"version":"1.0.0"},
            "node_modules/c/node_modules/d":{"version":"2.0.0"},"packages/own":{"version":"1.0.0"}}}"#;
        assert_eq!(names(&read_lock(lock)), [("@a/b", "1.0.0"), ("d", "2.0.0")]);
        let lock = r#"{"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"}}},"g":{"version":"git+ssh://x"}}}"#;
        assert_eq!(names(&read_lock(lock)), [("a", "1.0.0"), ("b", "2.0.0")]);
        let lock = "# yarn lockfile v1\n\n\"@a/b@^1.0.0\", \"@a/b@^1.1.0\":\n  version \"1.1.2\"\n  resolved \"x\"\n  dependencies:\n    version \"9\"\n\nc@npm:^2:\n  version: 2.0.1\n";
        assert_eq!(names(&read_yarn_lock(lock)), [("@a/b", "1.1.2"), ("c", "2.0.1")]);
        for text in ["", "{}", "[]", "@", "é@1:\n version \"1\"", "{\"packages\":1}"] {
            let _ = (read_package(text), read_lock(text), read_yarn_lock(text));
        }
        let deep = format!("{}{}", "{\"dependencies\":{\"a\":".repeat(100_000), "1");
        assert_eq!(read_lock(&deep), []);
    }
}
