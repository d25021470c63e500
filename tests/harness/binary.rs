//! Where the program under test is. Named by `WHARF_TEST_BINARY`, or built once per test process by the same cargo that runs
//! the tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

static BINARY: OnceLock<PathBuf> = OnceLock::new();

/// The path of the `wharf` binary.
pub fn path() -> &'static Path {
    BINARY.get_or_init(|| match std::env::var_os("WHARF_TEST_BINARY") {
        Some(named) => {
            let path = PathBuf::from(named);
            assert!(path.is_file(), "WHARF_TEST_BINARY: {} is not a file", path.display());
            path
        }
        None => build(),
    })
}

/// The executable is read from cargo's own messages, so that any target directory and profile setting is respected.
fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--package", "wharf", "--bin", "wharf", "--message-format", "json"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "the program under test does not build");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "wharf")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the executable that it built")
}
