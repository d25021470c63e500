//! The arrows between the crates: who may depend on whom, and who alone may know SQL, the object store or HTTP.
//!
//! What cargo says is compared with the tables below, and ARCHITECTURE.md must show the same. It says nothing about the
//! modules inside a crate.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// Each folder under `src/` and the crates that it may see. Nothing looks upward, and fronts do not see one another.
const ARROWS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("policy", &["types"]),
    ("aws", &["types"]),
    ("store", &["types"]),
    ("blobs", &["types"]),
    ("scan", &[]),
    ("outbound", &[]),
    ("upstream", &["types", "outbound"]),
    ("acs", &[]),
    ("listener", &["blobs"]),
    ("app", &["types", "policy", "aws", "store", "blobs", "outbound", "upstream", "scan"]),
    ("node", &["types", "aws", "acs", "outbound"]),
    ("oci", &["types", "app"]),
    ("ecr", &["types", "aws", "app"]),
    ("ecs", &["types", "aws", "acs", "store", "app", "elb", "cloudwatch"]),
    ("elb", &["types", "aws", "store", "app"]),
    ("iam", &["types", "aws", "policy", "store", "app"]),
    ("cloudwatch", &["types", "aws", "store", "app"]),
    ("logs", &["types", "aws", "store", "app"]),
    ("secrets", &["types", "aws", "store", "app"]),
    ("autoscaling", &["types", "aws", "store", "app", "ecs", "cloudwatch"]),
    ("balancer", &["types", "app", "elb", "cloudwatch", "listener"]),
    ("jobs", &["types", "store", "blobs", "app", "ecs", "autoscaling", "cloudwatch", "logs", "secrets"]),
    (
        "server",
        &[
            "types",
            "policy",
            "aws",
            "acs",
            "store",
            "blobs",
            "outbound",
            "scan",
            "app",
            "oci",
            "ecr",
            "ecs",
            "elb",
            "iam",
            "autoscaling",
            "cloudwatch",
            "logs",
            "secrets",
            "balancer",
            "listener",
            "jobs",
            "node",
        ],
    ),
];

/// What only some crates may know, so that a change of the database or of the web framework stays in one place.
const OWNERS: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("rusqlite", &["store"]),
    ("object_store", &["blobs"]),
    ("reqwest", &["blobs", "outbound", "server"]),
    ("axum", &["listener", "oci", "server"]),
    ("hyper", &["balancer", "listener", "node", "server"]),
    ("bollard", &["node"]),
    ("rustls", &["listener", "server"]),
    ("clap", &["server"]),
    ("jsonwebtoken", &["app", "server"]),
];

/// Crates that compute and do nothing else: no runtime, no network.
const PURE: &[&str] = &["types", "policy", "aws", "scan", "acs"];
const IMPURE: &[&str] = &["tokio", "reqwest", "hyper", "axum", "sqlx", "rusqlite", "object_store"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// The folder of a crate of ours.
    path: Option<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in a folder of the repository")
}

/// The last segment of a path.
fn folder(path: &Path) -> String {
    path.file_name().expect("a crate has a folder").to_string_lossy().into_owned()
}

/// The dependencies of each crate under `src/`, by its folder: normal ones, and those of tests and builds.
fn crates() -> BTreeMap<String, Vec<Dependency>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("cargo's answer is JSON");
    let source = root().join("src");
    let ours = metadata.packages.into_iter().filter_map(|package| {
        let home = Path::new(&package.manifest_path).parent()?;
        (home.parent()? == source).then(|| (folder(home), package.dependencies))
    });
    ours.collect()
}

fn allowed(name: &str) -> &'static [&'static str] {
    ARROWS.iter().find(|(from, _)| *from == name).map_or(&[], |(_, to)| to)
}

#[test]
fn every_folder_of_the_source_is_a_crate_in_the_table() {
    let mut folders: Vec<String> = std::fs::read_dir(root().join("src"))
        .expect("the source can be listed")
        .map(|entry| entry.expect("the source can be listed"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| folder(&entry.path()))
        .collect();
    folders.sort();
    assert_eq!(
        folders,
        crates().into_keys().collect::<Vec<_>>(),
        "a folder under src/ is a crate, and has no crates below it"
    );
    let mut named: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    named.sort_unstable();
    assert_eq!(folders, named, "a new crate gets a row in the table and in ARCHITECTURE.md");
}

#[test]
fn no_crate_depends_on_one_that_the_table_does_not_give_it() {
    let mut faults = Vec::new();
    for (from, dependencies) in crates() {
        for path in dependencies.iter().filter_map(|dependency| dependency.path.as_deref()) {
            let to = folder(Path::new(path));
            if !allowed(&from).contains(&to.as_str()) {
                faults.push(format!("{from} -> {to}"));
            }
        }
    }
    assert!(faults.is_empty(), "arrows that are not in the table: {faults:?}");
}

#[test]
fn what_one_crate_owns_the_others_do_not_know() {
    let mut faults = Vec::new();
    for (from, dependencies) in crates() {
        for dependency in &dependencies {
            let owner = OWNERS.iter().find(|(name, _)| *name == dependency.name);
            if owner.is_some_and(|(_, owners)| !owners.contains(&from.as_str())) {
                faults.push(format!("{from} -> {}", dependency.name));
            }
            if PURE.contains(&from.as_str()) && IMPURE.contains(&dependency.name.as_str()) {
                faults.push(format!("{from} -> {}", dependency.name));
            }
        }
    }
    assert!(faults.is_empty(), "dependencies in the wrong crate: {faults:?}");
}

#[test]
fn the_black_box_tests_depend_on_no_crate_of_ours() {
    let manifest = std::fs::read_to_string(root().join("tests/Cargo.toml")).expect("the manifest can be read");
    assert!(!manifest.contains("path = \"../src"), "what the tests know of the program is what its clients know");
    for (name, _) in ARROWS {
        assert!(!manifest.contains(&format!("\n{name} = ")), "the tests depend on {name}");
    }
}

#[test]
fn the_document_shows_the_same_arrows() {
    let document = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    for (name, sees) in ARROWS {
        let sees: Vec<String> = sees.iter().map(|to| format!("`{to}`")).collect();
        let sees = if sees.is_empty() { "nothing of ours".to_owned() } else { sees.join(", ") };
        let found = document.lines().any(|line| line.starts_with(&format!("| `{name}` | {sees} |")));
        assert!(found, "ARCHITECTURE.md has no row for {name} that says it sees {sees}");
    }
}
