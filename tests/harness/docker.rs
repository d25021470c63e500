//! A Docker engine for tests that run containers: that of `WHARF_TEST_DOCKER_HOST`, or one that is started for them and ends
//! with them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The engine, for one test at a time: agents of servers that do not know one another must not meet on it.
pub struct Docker {
    _turn: MutexGuard<'static, ()>,
}

static TURN: Mutex<()> = Mutex::new(());

impl Docker {
    /// Waits for the engine.
    pub fn take() -> Self {
        let docker = Self { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) };
        docker.clear();
        docker
    }

    /// Its socket, `unix:///…`.
    pub fn host(&self) -> &'static str {
        host()
    }

    /// What the client prints. It must succeed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments).output().expect("docker is installed");
        assert!(done.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// Makes an image of busybox with a page, which it serves on port 80.
    pub fn page(&self, image: &str, page: &str) {
        let folder = tempfile::tempdir().expect("there is room");
        for name in ["bin", "www"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        std::fs::copy("/bin/busybox", folder.path().join("bin/busybox")).expect("busybox is installed");
        std::os::unix::fs::symlink("busybox", folder.path().join("bin/sh")).expect("a link");
        std::fs::write(folder.path().join("www/index.html"), page).expect("a page");
        let packed = Command::new("tar").arg("-C").arg(folder.path()).args(["-c", "."]).output().expect("tar");
        let command = r#"CMD ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]"#;
        let mut import = self.command(&["import", "-c", command, "-", image]);
        let mut child = import.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("docker is installed");
        std::io::Write::write_all(&mut child.stdin.take().expect("it is piped"), &packed.stdout).expect("it reads");
        assert!(child.wait().expect("it ends").success(), "docker import {image}");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let client = std::env::var("WHARF_TEST_DOCKER").unwrap_or_else(|_| "/usr/bin/docker".to_owned());
        let mut command = Command::new(client);
        command.arg("--host").arg(self.host()).args(arguments);
        command
    }

    /// Removes containers that agents have made.
    fn clear(&self) {
        let left = self.run(&["ps", "--all", "--quiet", "--filter", "label=com.amazonaws.ecs.task-arn"]);
        for id in left.split_whitespace() {
            self.run(&["rm", "--force", id]);
        }
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.clear();
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| std::env::var("WHARF_TEST_DOCKER_HOST").unwrap_or_else(|_| start()))
}

/// Starts an engine that ends with the tests.
fn start() -> String {
    let folder = std::env::temp_dir().join(format!("wharf-it-docker-{}", std::process::id()));
    let started = Command::new(root().join("tools/start-docker")).arg(&folder).arg("--bridge").output().expect("bash");
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    // A shell that nobody waits for ends it when this process is gone.
    let end = "(while kill -0 $0 2>/dev/null; do sleep 1; done; \"$1\" \"$2\") &";
    let left = Command::new("setsid")
        .args(["sh", "-c", end, &std::process::id().to_string()])
        .arg(root().join("tools/stop"))
        .arg(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("a shell");
    assert!(left.success());
    format!("unix://{}", folder.join("docker.sock").display())
}
