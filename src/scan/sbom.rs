//! What an image holds, as documents that other programs read: CycloneDX 1.5 and SPDX 2.3, both in JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::{Kind, Package, Release};

/// An image with what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Bill<'b> {
    /// The repository that it is in.
    pub name: &'b str,
    /// Its digest.
    pub digest: &'b str,
    /// When it was looked into, by RFC 3339.
    pub created: &'b str,
    /// Its distribution.
    pub release: Option<&'b Release>,
    /// Its packages.
    pub packages: &'b [Package],
}

/// The document of CycloneDX.
pub fn cyclonedx(bill: Bill<'_>) -> Value {
    let component = |package: &Package| {
        let purl = purl(package, bill.release);
        json!({
            "type": "library", "bom-ref": purl, "name": package.name, "version": package.version, "purl": purl,
        })
    };
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": bill.created,
            "tools": { "components": [{ "type": "application", "name": "wharf", "version": env!("CARGO_PKG_VERSION") }] },
            "component": { "type": "container", "bom-ref": bill.digest, "name": bill.name, "version": bill.digest },
        },
        "components": bill.packages.iter().map(component).collect::<Vec<_>>(),
    })
}

/// The document of SPDX.
pub fn spdx(bill: Bill<'_>) -> Value {
    let id = |at: usize| format!("SPDXRef-Package-{}", at + 1);
    let package = |(at, package): (usize, &Package)| {
        json!({
            "SPDXID": id(at),
            "name": package.name,
            "versionInfo": package.version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl(package, bill.release),
            }],
        })
    };
    let image = json!({
        "SPDXID": "SPDXRef-Image",
        "name": bill.name,
        "versionInfo": bill.digest,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "primaryPackagePurpose": "CONTAINER",
    });
    let related = |from: &str, kind: &str, to: &str| json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to });
    let contained = (0..bill.packages.len()).map(|at| related("SPDXRef-Image", "CONTAINS", &id(at)));
    let described = related("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image");
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": format!("{}@{}", bill.name, bill.digest),
        // It only has to be unique; nothing is there.
        "documentNamespace": format!("https://wharf.invalid/spdx/{}/{}/{}", bill.name, bill.digest, bill.created),
        "creationInfo": {
            "created": bill.created,
            "creators": [format!("Tool: wharf-{}", env!("CARGO_PKG_VERSION"))],
        },
        "packages": std::iter::once(image).chain(bill.packages.iter().enumerate().map(package)).collect::<Vec<_>>(),
        "relationships": std::iter::once(described).chain(contained).collect::<Vec<_>>(),
    })
}

/// The package URL (package-url/purl-spec).
fn purl(package: &Package, release: Option<&Release>) -> String {
    let distribution = release.map_or("unknown", |release| release.id.as_str());
    let (kind, namespace, name) = match package.kind {
        Kind::Deb => ("deb", Some(distribution), package.name.as_str()),
        Kind::Apk => ("apk", Some(distribution), package.name.as_str()),
        Kind::Rpm => ("rpm", Some(distribution), package.name.as_str()),
        Kind::Python => ("pypi", None, package.name.as_str()),
        Kind::Ruby => ("gem", None, package.name.as_str()),
        Kind::Rust => ("cargo", None, package.name.as_str()),
        Kind::Node => split("npm", &package.name, '/'),
        Kind::Go => split("golang", &package.name, '/'),
        Kind::Java => split("maven", &package.name, ':'),
    };
    let mut purl = format!("pkg:{kind}/");
    if let Some(namespace) = namespace {
        purl.extend(namespace.split('/').map(|part| format!("{}/", encoded(part))));
    }
    let name = if package.kind == Kind::Python { name.to_lowercase().replace('_', "-") } else { name.to_owned() };
    purl.push_str(&format!("{}@{}", encoded(&name), encoded(&package.version)));
    if let Some(release) = release.filter(|_| package.kind.ecosystem().is_none()) {
        purl.push_str(&format!("?distro={}", encoded(&format!("{}-{}", release.id, release.version))));
    }
    purl
}

fn split<'n>(kind: &'static str, name: &'n str, at: char) -> (&'static str, Option<&'n str>, &'n str) {
    name.rsplit_once(at).map_or((kind, None, name), |(namespace, name)| (kind, Some(namespace), name))
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_have_the_urls_of_the_specification() {
        let debian = Release { id: "debian".to_owned(), version: "12".to_owned() };
        let of = |kind, name: &str, version: &str| purl(&Package::new(kind, name, version), Some(&debian));
        assert_eq!(of(Kind::Deb, "libssl3", "1:3.0+b1"), "pkg:deb/debian/libssl3@1:3.0%2Bb1?distro=debian-12");
        assert_eq!(of(Kind::Node, "@scope/name", "1.0.0"), "pkg:npm/%40scope/name@1.0.0");
        assert_eq!(of(Kind::Go, "golang.org/x/net", "0.1.0"), "pkg:golang/golang.org/x/net@0.1.0");
        assert_eq!(of(Kind::Java, "org.apache:log4j", "2"), "pkg:maven/org.apache/log4j@2");
        assert_eq!(of(Kind::Python, "Foo_Bar", "1"), "pkg:pypi/foo-bar@1");
        assert_eq!(of(Kind::Rust, "time", "0.1.42"), "pkg:cargo/time@0.1.42");
    }

    #[test]
    fn both_documents_name_every_package() {
        let packages = [Package::new(Kind::Rust, "a", "1"), Package::new(Kind::Ruby, "b", "2")];
        let bill = Bill {
            name: "app",
            digest: "sha256:x",
            created: "2026-01-01T00:00:00Z",
            release: None,
            packages: &packages,
        };
        let document = cyclonedx(bill);
        assert_eq!(document["components"][1]["purl"], "pkg:gem/b@2");
        assert_eq!(document["components"].as_array().map(Vec::len), Some(2));
        let document = spdx(bill);
        assert_eq!(document["packages"][2]["externalRefs"][0]["referenceLocator"], "pkg:gem/b@2");
        assert_eq!(document["relationships"][2]["relatedSpdxElement"], "SPDXRef-Package-2");
    }
}
