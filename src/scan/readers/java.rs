//! Artifacts of Maven in Java archives: `META-INF/maven/…/pom.properties`, also of archives inside archives.

use std::io::{Cursor, Read};

use super::{MOST, plausible};
use crate::{Kind, Package};

/// Archives in archives in archives.
const DEPTH: usize = 3;
/// Bytes of all that is unpacked of one archive.
const MAX_UNPACKED: u64 = 96 << 20;
const MAX_PROPERTIES: u64 = 1 << 20;
/// An archive that lists more is not read: the list of its members would be held as a whole.
const MAX_MEMBERS: usize = 200_000;
/// Begins the entry of a member in that list.
const MEMBER: &[u8] = b"PK\x01\x02";

/// The artifacts of an archive. One that is damaged has those that were found before that.
pub(crate) fn read(bytes: &[u8]) -> Vec<Package> {
    let mut packages = Vec::new();
    let mut left = MAX_UNPACKED;
    look(bytes, DEPTH, &mut left, &mut packages);
    packages
}

fn look(bytes: &[u8], depth: usize, left: &mut u64, packages: &mut Vec<Package>) {
    if bytes.windows(MEMBER.len()).filter(|window| *window == MEMBER).take(MAX_MEMBERS + 1).count() > MAX_MEMBERS {
        return;
    }
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else { return };
    for at in 0..archive.len() {
        let Ok(member) = archive.by_index(at) else { continue };
        let name = member.name();
        let properties = name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties");
        let inner = depth > 1 && [".jar", ".war", ".ear"].iter().any(|end| name.ends_with(end));
        if !properties && !inner {
            continue;
        }
        let most = if properties { MAX_PROPERTIES.min(*left) } else { *left };
        let mut unpacked = Vec::new();
        let whole = member.take(most).read_to_end(&mut unpacked).is_ok();
        *left -= unpacked.len() as u64;
        match (whole, properties) {
            (true, true) => packages.extend(read_properties(&String::from_utf8_lossy(&unpacked))),
            (true, false) => look(&unpacked, depth - 1, left, packages),
            (false, _) => {}
        }
        if *left == 0 || packages.len() >= MOST {
            return;
        }
    }
}

fn read_properties(text: &str) -> Option<Package> {
    let field = |key: &str| {
        text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('=').map(str::trim))
    };
    let (group, artifact, version) = (field("groupId")?, field("artifactId")?, field("version")?);
    let name = format!("{group}:{artifact}");
    plausible(&name, version).then(|| Package::new(Kind::Java, name, version))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const LOG4J: &[u8] = b"#Generated\nversion=2.14.1\ngroupId=org.apache.logging.log4j\nartifactId=log4j-core\n";

    #[test]
    fn artifacts_are_found_inside_of_archives() {
        let path = "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties";
        let log4j = [Package::new(Kind::Java, "org.apache.logging.log4j:log4j-core", "2.14.1")];
        let jar = archive(&[(path, LOG4J), ("a.class", b"x")]);
        assert_eq!(read(&jar), log4j);
        let war = archive(&[("WEB-INF/lib/log4j.jar", &jar)]);
        assert_eq!(read(&war), log4j);
        let ear = archive(&[("app.war", &war)]);
        assert_eq!(read(&ear), log4j);
        assert_eq!(read(&archive(&[("x.ear", &ear)])), []);
        for length in (0..jar.len()).step_by(3) {
            read(&jar[..length]);
        }
        assert_eq!(read(b"PK\x03\x04junk"), []);
    }
}
