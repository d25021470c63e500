//! A small file system in memory, so that a disk can be full. Mounting needs root; without it the test fails and says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A mounted tmpfs; unmounted when dropped.
pub struct Tmpfs {
    directory: TempDir,
}

impl Tmpfs {
    /// Mounts one of this many mebibytes.
    pub fn mount(mebibytes: usize) -> Self {
        let directory = tempfile::Builder::new().prefix("wharf-tmpfs-").tempdir().expect("a temporary directory");
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "wharf-tests"])
            .arg(directory.path())
            .output()
            .expect("mount runs");
        assert!(
            output.status.success(),
            "this test fills a small tmpfs and may not mount one; run it as root: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self { directory }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Fills it to the last byte with a file, which is given so that it can be removed.
    pub fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path).expect("a full disk has room for an empty file");
        let mut piece = vec![0; 1 << 20];
        while !piece.is_empty() {
            if std::io::Write::write_all(&mut file, &piece).is_err() {
                piece.truncate(piece.len() / 2);
            }
        }
        path
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.directory.path()).status().ok();
    }
}
