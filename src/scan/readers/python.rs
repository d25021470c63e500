//! Packages of Python: what installed distributions say of themselves (PyPA, "Core metadata"), and lock files.

use serde::Deserialize;

use super::{MOST, json, plausible, tables};
use crate::{Kind, Package};

/// `METADATA` of a wheel, `PKG-INFO` of an egg.
pub(crate) fn read_metadata(text: &str) -> Vec<Package> {
    let (mut name, mut version) = ("", "");
    // The description follows behind an empty line.
    for line in text.lines().take_while(|line| !line.is_empty()) {
        match line.split_once(':') {
            Some(("Name", value)) => name = value.trim(),
            Some(("Version", value)) => version = value.trim(),
            _ => {}
        }
    }
    if plausible(name, version) { vec![Package::new(Kind::Python, name, version)] } else { Vec::new() }
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Option<String>,
}

/// `poetry.lock` and `uv.lock`.
pub(crate) fn read_lock(text: &str) -> Vec<Package> {
    let package = |locked: Locked| {
        let version = locked.version.unwrap_or_default();
        plausible(&locked.name, &version).then(|| Package::new(Kind::Python, locked.name, version))
    };
    tables::read(text).filter_map(package).take(MOST).collect()
}

/// `Pipfile.lock`.
pub(crate) fn read_pipfile_lock(text: &str) -> Vec<Package> {
    let Some([default, develop]) = json::fields(text, ["default", "develop"]) else { return Vec::new() };
    let mut packages = Vec::new();
    for group in [default, develop].into_iter().flatten() {
        json::members(group, |name, package| {
            let version = json::fields(package, ["version"]).and_then(|[version]| json::text(version?));
            let version = version.as_deref().unwrap_or_default().trim_start_matches("==");
            if plausible(name, version) && packages.len() < MOST {
                packages.push(Package::new(Kind::Python, name, version));
            }
        });
    }
    packages
}

/// The versions that `requirements.txt` pins.
pub(crate) fn read_requirements(text: &str) -> Vec<Package> {
    let package = |line: &str| {
        let line = line.split(['#', ';', ' ']).next()?;
        let (name, version) = line.split_once("==")?;
        let name = name.split('[').next()?.trim();
        let exact = plausible(name, version) && !version.contains(['*', ',']);
        exact.then(|| Package::new(Kind::Python, name, version.trim_start_matches('=').trim()))
    };
    text.lines().filter_map(package).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(packages: &[Package]) -> Vec<(&str, &str)> {
        packages.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect()
    }

    #[test]
    fn what_is_installed_and_what_is_locked() {
        let metadata = "Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.1.2\n\nName: not this\n";
        assert_eq!(names(&read_metadata(metadata)), [("Jinja2", "3.1.2")]);
        let lock =
            "[[package]]\nname = \"django\"\nversion = \"4.2\"\n\n[[package]]\nname = \"own\"\n[metadata]\nx = 1\n";
        assert_eq!(names(&read_lock(lock)), [("django", "4.2")]);
        let lock = r#"{"_meta": {}, "default": {"flask": {"version": "==2.0"}, "x": {}}, "develop": {"y": {"version": "==1"}}}"#;
        assert_eq!(names(&read_pipfile_lock(lock)), [("flask", "2.0"), ("y", "1")]);
        let text = "# a\na==1.0\nb[extra]==2.0 ; python_version > '3' # c\nd>=3\ne==4.*\n-r other\n";
        assert_eq!(names(&read_requirements(text)), [("a", "1.0"), ("b", "2.0")]);
        for text in ["", "\0", "{", "[[package]]"] {
            assert!(read_metadata(text).is_empty() && read_lock(text).is_empty() && read_pipfile_lock(text).is_empty());
        }
    }
}
