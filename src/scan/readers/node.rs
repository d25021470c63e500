//! Packages of npm: what is installed, and the lock files of npm and Yarn.

use serde_json::Value;

use super::plausible;
use crate::{Kind, Package};

/// `node_modules/…/package.json`.
pub(crate) fn read_package(text: &str) -> Vec<Package> {
    let Ok(package) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let field = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
    let (name, version) = (field("name"), field("version"));
    if plausible(name, version) { vec![Package::new(Kind::Node, name, version)] } else { Vec::new() }
}

/// `package-lock.json`, of all its versions.
pub(crate) fn read_lock(text: &str) -> Vec<Package> {
    let Ok(lock) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let mut packages = Vec::new();
    if let Some(listed) = lock.get("packages").and_then(Value::as_object) {
        for (path, package) in listed {
            // The project itself has no path; a link is a part of it.
            let Some((_, name)) = path.rsplit_once("node_modules/") else { continue };
            let name = package.get("name").and_then(Value::as_str).unwrap_or(name);
            add(&mut packages, name, package);
        }
    } else if let Some(nested) = lock.get("dependencies").and_then(Value::as_object) {
        // No recursion: how deep it goes is the image's choice.
        let mut waiting = vec![nested];
        while let Some(dependencies) = waiting.pop() {
            for (name, package) in dependencies {
                add(&mut packages, name, package);
                waiting.extend(package.get("dependencies").and_then(Value::as_object));
            }
        }
    }
    packages
}

fn add(packages: &mut Vec<Package>, name: &str, package: &Value) {
    let version = package.get("version").and_then(Value::as_str).unwrap_or_default();
    if plausible(name, version) && version.starts_with(|first: char| first.is_ascii_digit()) {
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
