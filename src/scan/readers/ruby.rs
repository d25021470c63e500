//! Gems: the specifications of what is installed, by their names, and `Gemfile.lock`.

use super::{MOST, plausible};
use crate::{Kind, Package};

/// `specifications/NAME-VERSION[-PLATFORM].gemspec`: the file is a program, its name says enough.
pub(crate) fn read_name(path: &str) -> Vec<Package> {
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.strip_suffix(".gemspec").unwrap_or_default();
    let mut hyphens = stem.match_indices('-').map(|(at, _)| at);
    let version_at = hyphens.rfind(|at| stem[at + 1..].starts_with(|next: char| next.is_ascii_digit()));
    let Some(at) = version_at else { return Vec::new() };
    let (name, version) = (&stem[..at], stem[at + 1..].split('-').next().unwrap_or_default());
    if plausible(name, version) { vec![Package::new(Kind::Ruby, name, version)] } else { Vec::new() }
}

/// `Gemfile.lock`: gems stand four spaces deep in the section `GEM`, what they need stands deeper.
pub(crate) fn read_lock(text: &str) -> Vec<Package> {
    let mut packages = Vec::new();
    let mut gems = false;
    for line in text.lines() {
        if !line.starts_with(' ') {
            gems = line == "GEM";
            continue;
        }
        let Some(entry) = line.strip_prefix("    ").filter(|entry| gems && !entry.starts_with(' ')) else { continue };
        let Some((name, version)) = entry.strip_suffix(')').and_then(|entry| entry.split_once(" (")) else { continue };
        let version = version.split('-').next().unwrap_or_default();
        if plausible(name, version) {
            packages.push(Package::new(Kind::Ruby, name, version));
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
        let of = |name: &str| read_name(&format!("usr/lib/ruby/gems/3.2.0/specifications/{name}.gemspec"));
        assert_eq!(names(&of("rack-2.2.3")), [("rack", "2.2.3")]);
        assert_eq!(names(&of("rack-test-2.0.2")), [("rack-test", "2.0.2")]);
        assert_eq!(names(&of("nokogiri-1.15.0-x86_64-linux")), [("nokogiri", "1.15.0")]);
        assert_eq!(of("none"), []);
        let lock = "GIT\n  specs:\n    own (1.0)\n\nGEM\n  remote: https://x/\n  specs:\n    rack (2.2.3)\n      dep (>= 1)\n    nokogiri (1.15.0-x86_64-linux)\n\nPLATFORMS\n  ruby\n";
        assert_eq!(names(&read_lock(lock)), [("rack", "2.2.3"), ("nokogiri", "1.15.0")]);
    }
}
