//! A container engine behind a socket, driven by Docker's own client: Docker, or Podman, which speaks its language.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Wharf;

/// An engine.
pub struct Engine {
    host: String,
}

impl Engine {
    /// The engine at `unix:///…`.
    pub(crate) fn at(host: impl Into<String>) -> Self {
        Self { host: host.into() }
    }

    /// Its socket, `unix:///…`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What the client prints. It must succeed.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments).output().expect("docker is installed");
        assert!(done.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// Logs the client in to a server, as root.
    #[track_caller]
    pub fn login(&self, wharf: &Wharf) {
        let root = wharf.aws();
        self.run(&["login", "-u", &root.access_key_id, "-p", &root.secret, &wharf.address().to_string()]);
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
        self.import(folder.path(), image, &[r#"CMD ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]"#]);
    }

    /// Makes an image of one layer of what a folder holds, owned by root.
    pub fn import(&self, folder: &Path, image: &str, changes: &[&str]) {
        let packed = Command::new("tar").arg("-C").arg(folder).args(["--owner=0", "--group=0", "-c", "."]).output();
        let changes = changes.iter().flat_map(|change| ["-c", change]);
        let arguments: Vec<&str> = ["import"].into_iter().chain(changes).chain(["-", image]).collect();
        self.run_on(&arguments, &packed.expect("tar").stdout);
    }

    /// What the client prints when it reads this on its standard input. It must succeed.
    #[track_caller]
    pub fn run_on(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut command = self.command(arguments);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("docker is installed");
        let mut stdin = child.stdin.take().expect("it is piped");
        let done = std::thread::scope(|scope| {
            // What it prints is read meanwhile, so that neither waits for the other.
            scope.spawn(move || std::io::Write::write_all(&mut stdin, input));
            child.wait_with_output().expect("it ends")
        });
        let errors = String::from_utf8_lossy(&done.stderr);
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "docker {arguments:?}: {said}{errors}");
        said.trim().to_owned()
    }

    /// The ids of containers of tasks that run.
    #[track_caller]
    pub fn tasks(&self) -> Vec<String> {
        let running = self.run(&["ps", "--quiet", "--filter", TASK]);
        running.split_whitespace().map(str::to_owned).collect()
    }

    /// Removes containers that agents have made.
    pub(crate) fn clear(&self) {
        for id in self.run(&["ps", "--all", "--quiet", "--filter", TASK]).split_whitespace() {
            self.run(&["rm", "--force", id]);
        }
    }

    /// Docker's client with these arguments, at this engine.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(client());
        command.arg("--host").arg(&self.host).args(arguments);
        command
    }
}

const TASK: &str = "label=com.amazonaws.ecs.task-arn";

/// Docker's client.
pub fn client() -> String {
    std::env::var("WHARF_TEST_DOCKER").unwrap_or_else(|_| "/usr/bin/docker".to_owned())
}

/// A program of the repository's `tools`.
pub(crate) fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools").join(name)
}

/// Runs a program of `tools`, which must succeed, and gives what it prints.
#[track_caller]
pub(crate) fn run_tool(name: &str, folder: &Path, arguments: &[&str]) -> String {
    let done = Command::new(tool(name)).arg(folder).args(arguments).stdin(Stdio::null()).output().expect("bash");
    assert!(done.status.success(), "tools/{name} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// Runs a program of `tools` at the end of a test that may have failed already.
pub(crate) fn run_tool_at_last(name: &str, folder: &Path, arguments: &[&str]) {
    match Command::new(tool(name)).arg(folder).args(arguments).stdin(Stdio::null()).output() {
        Ok(done) if done.status.success() => {}
        other => eprintln!("tools/{name} {arguments:?}: {other:?}"),
    }
}

/// Has a program of `tools` run once this process is gone, however it ends, and removes the folder after it: a shell that
/// nobody waits for sees to it.
pub(crate) fn run_tool_afterwards(name: &str, folder: &Path, arguments: &[&str]) {
    let script = "(while kill -0 $0 2>/dev/null; do sleep 1; done; test ! -e \"$2\" || \"$@\"; rm -rf \"$2\") &";
    let left = Command::new("setsid")
        .args(["sh", "-c", script, &std::process::id().to_string()])
        .arg(tool(name))
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("a shell");
    assert!(left.success());
}
