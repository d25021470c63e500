//! The image of the `Dockerfile`, built and run as its head says. Tests ask no public registry, so its two base images
//! have stand-ins, and in that of the compiler `cargo` hands out the program under test. Whether the program compiles in the
//! real ones is not seen here.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tests::harness::docker::Docker;
use tests::harness::{binary, port};

/// What the build sees of the repository: whatever cargo reads, and nothing that grows.
const CONTEXT: &[&str] = &[".cargo", "Cargo.lock", "Cargo.toml", "migrations", "src", "tests"];

#[tokio::test(flavor = "multi_thread")]
async fn the_image_of_the_dockerfile_serves_without_root_and_keeps_what_is_in_its_volume() {
    let docker = Docker::take();
    let name = format!("wharf-image-{}", std::process::id());
    let (image, volume) = (format!("{name}:built"), format!("{name}-data"));
    build(&docker, &name, &image);
    docker.run(&["volume", "create", &volume]);
    let port = port::free();
    let (published, mounted) = (format!("127.0.0.1:{port}:5000"), format!("{volume}:/data"));
    // Nothing but the volume can be written, and no privilege is left. Health is asked for sooner than the file says.
    docker.run(&[
        "run",
        "--detach",
        "--name",
        &name,
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--health-interval=1s",
        "--publish",
        &published,
        "--volume",
        &mounted,
        &image,
    ]);
    let user = docker.run(&["inspect", "--format", "{{.Config.User}}", &name]);
    assert_eq!(user, "65532:65532");
    until(&docker, &name, "it prints the root access key", || docker.run(&["logs", &name]).contains("docker login -u"));
    let log = docker.run(&["logs", &name]);
    let login: Vec<&str> =
        log.lines().find(|line| line.contains("docker login -u")).expect("it is there").split_whitespace().collect();
    let registry = format!("127.0.0.1:{port}");
    docker.run(&["login", "-u", login[3], "-p", login[5], &registry]);
    let pushed = format!("{registry}/page:v1");
    docker.page(&pushed, "kept");
    docker.run(&["push", "--quiet", &pushed]);
    until(&docker, &name, "it is healthy", || {
        docker.run(&["inspect", "--format", "{{.State.Health.Status}}", &name]) == "healthy"
    });
    docker.run(&["exec", &name, "wharf", "admin", "--help"]);

    docker.run(&["stop", &name]);
    assert_eq!(docker.run(&["inspect", "--format", "{{.State.ExitCode}}", &name]), "0", "it ends by itself");
    docker.run(&["rm", &name]);
    docker.run(&["run", "--detach", "--name", &name, "--publish", &published, "--volume", &mounted, &image]);
    docker.run(&["rmi", &pushed]);
    until(&docker, &name, "it answers again", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    docker.run(&["pull", "--quiet", &pushed]);
    assert!(!docker.run(&["logs", &name]).contains("docker login -u"), "the key of the first start is still the key");

    docker.run(&["rm", "--force", &name]);
    docker.run(&["volume", "rm", &volume]);
    docker.run(&["rmi", "--force", &image, &pushed, &rust(&name), &distroless(&name)]);
}

fn rust(name: &str) -> String {
    format!("{name}:rust")
}

fn distroless(name: &str) -> String {
    format!("{name}:distroless")
}

/// Builds the file as it stands, but for the names of its base images.
fn build(docker: &Docker, name: &str, image: &str) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut dockerfile = fs::read_to_string(repository.join("Dockerfile")).expect("the Dockerfile can be read");
    let bases = [("rust:1.95-slim-bookworm", rust(name)), ("gcr.io/distroless/cc-debian12", distroless(name))];
    for (base, stand_in) in &bases {
        let from = format!("FROM {base}");
        assert_eq!(dockerfile.matches(&from).count(), 1, "{dockerfile}");
        dockerfile = dockerfile.replace(&from, &format!("FROM {stand_in}"));
    }
    compiler(docker, &rust(name));
    libraries(docker, &distroless(name));
    let context = repository.display().to_string();
    let built = format!("{name}:sources");
    docker.run_on(&["build", "--target", "build", "--tag", &built, "--file", "-", &context], dockerfile.as_bytes());
    let seen = docker.run(&["run", "--rm", "--network=none", &built, "cat", "/context"]);
    docker.run(&["rmi", &built]);
    let mut seen: Vec<&str> = seen.lines().collect();
    seen.sort_unstable();
    assert_eq!(seen, CONTEXT, ".dockerignore lets through what cargo reads");
    docker.run_on(&["build", "--tag", image, "--file", "-", &context], dockerfile.as_bytes());
}

/// A shell, and a `cargo` that notes what it was given and hands out the program under test.
fn compiler(docker: &Docker, image: &str) {
    let folder = tempfile::tempdir().expect("there is room");
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).expect("a folder");
    fs::copy("/bin/busybox", bin.join("busybox")).expect("busybox is installed");
    for name in ["sh", "cat", "cp", "ls", "mkdir"] {
        std::os::unix::fs::symlink("busybox", bin.join(name)).expect("a link");
    }
    // A debug build is much smaller without its symbols, and it is copied from layer to layer.
    let stripped = Command::new("strip").arg("-o").arg(folder.path().join("program")).arg(binary::path()).status();
    assert!(stripped.expect("strip comes with the C compiler").success());
    let cargo = "#!/bin/sh\nset -e\nls -A >/context\nmkdir -p target/dist\ncp /program target/dist/wharf\n";
    fs::write(bin.join("cargo"), cargo).expect("a script");
    fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).expect("it can be made executable");
    docker.import(folder.path(), image, &[]);
}

/// The libraries that the program under test is linked with, where it looks for them.
fn libraries(docker: &Docker, image: &str) {
    let folder = tempfile::tempdir().expect("there is room");
    let linked = Command::new("ldd").arg(binary::path()).output().expect("ldd is part of the C library");
    let linked = String::from_utf8_lossy(&linked.stdout).into_owned();
    let paths: Vec<&str> = linked.split_whitespace().filter(|word| word.starts_with('/')).collect();
    assert!(paths.len() > 1, "{linked}");
    for path in paths {
        let copy = folder.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
        fs::copy(path, copy).expect("a library can be copied");
    }
    docker.import(folder.path(), image, &[]);
}

/// Waits for something of a container.
#[track_caller]
fn until(docker: &Docker, name: &str, what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        let state = || docker.run(&["inspect", "--format", "{{json .State}}", name]);
        assert!(Instant::now() < end, "not within a minute: {what}: {}", state());
        std::thread::sleep(Duration::from_millis(100));
    }
}
