//! A Podman of a test's own, behind the socket on which it speaks Docker's language. It ends with the value.

use std::ops::Deref;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::engine::{Engine, run_tool, run_tool_afterwards, run_tool_at_last};
use super::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};

/// Podman.
pub struct Podman {
    engine: Engine,
    folder: PathBuf,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Podman {
    /// Starts it. It speaks plain HTTP to this registry, `host:port`.
    pub fn start(registry: &str) -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("wharf-it-podman-{}-{count}", std::process::id()));
        run_tool_afterwards("stop", &folder, &[]);
        run_tool("start-podman", &folder, &[registry]);
        Self { engine: Engine::at(format!("unix://{}", folder.join("podman.sock").display())), folder }
    }

    /// Pushes an image as root. Docker's client cannot: Podman 4.3 logs in by HTTPS alone when Docker's client asks it to.
    #[track_caller]
    pub fn push(&self, image: &str) {
        let credentials = format!("{ROOT_ACCESS_KEY_ID}:{ROOT_SECRET_ACCESS_KEY}");
        let done = Command::new("podman")
            .args(["--remote", "--url", self.host(), "push", "--quiet", "--tls-verify=false", "--creds", &credentials])
            .arg(image)
            .output()
            .expect("podman is installed");
        assert!(done.status.success(), "podman push {image}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Deref for Podman {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        run_tool_at_last("stop", &self.folder, &[]);
        // What is root's stays if the tests are somebody else's, as with every service of `tools`.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
