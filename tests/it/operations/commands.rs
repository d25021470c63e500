//! What commands have in common: how they end when nobody reads what they print, and that they make no registry.

use std::process::{Command, ExitStatus, Stdio};

use tests::harness::{Backend, Wharf, binary};

use crate::access::model::{allow, identity_policy};

/// Runs a command on the data of a server, with this standard output. Returns what it said on standard error.
fn run_into(wharf: &Wharf, arguments: &[&str], stdout: impl Into<Stdio>) -> (ExitStatus, String) {
    let finished = Command::new(binary::path())
        .args(arguments)
        .env_clear()
        .env("WHARF_DATA_DIR", wharf.data_directory())
        .stdin(Stdio::null())
        .stdout(stdout)
        .output()
        .expect("wharf runs");
    (finished.status, String::from_utf8_lossy(&finished.stderr).into_owned())
}

/// A pipe from which nobody reads any more, as behind `| head`.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[tokio::test]
async fn a_command_whose_reader_has_enough_ends_in_peace() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.repository().push_small("one").await;
    for arguments in [
        &["account", "list"][..],
        &["jobs"],
        &["usage", "--now"],
        &["audit"],
        &["advisories", "list"],
        &["gc-delay", "show"],
        &["gc"],
        &["check"],
        &["fsck"],
    ] {
        let (status, stderr) = run_into(&wharf, arguments, unread());
        assert!(status.success() && !stderr.contains("panic") && !stderr.contains("pipe"), "{arguments:?}: {stderr}");
    }
    // The exit code of a comparison tells of findings though nobody reads them.
    std::fs::write(wharf.data_directory().join("blobs/staging/x"), "x").expect("a file can be written");
    let objects = wharf.data_directory().join("blobs/blobs/00");
    std::fs::create_dir_all(&objects).expect("a directory can be made");
    std::fs::write(objects.join("00000000000000000000000000000000"), "x").expect("a file can be written");
    let (status, stderr) = run_into(&wharf, &["fsck"], unread());
    assert_eq!(status.code(), Some(1), "{stderr}");
}

#[tokio::test]
async fn a_full_disk_is_told_and_no_panic() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    for arguments in [&["account", "list"][..], &["jobs"], &["gc"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let (status, stderr) = run_into(&wharf, arguments, full);
        assert_eq!(status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("No space left") && !stderr.contains("panic"), "{arguments:?}: {stderr}");
    }
}

#[tokio::test]
async fn a_secret_that_nobody_sees_is_a_failure() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let policy = wharf.data_directory().join("policy.json");
    std::fs::write(&policy, identity_policy(&[allow(&["ecr:*"], "*")]).to_string()).expect("a file can be written");
    let policy = policy.display().to_string();
    for arguments in [
        &["admin", "create-user", "anna", "--policy", &policy][..],
        &["account", "create", "111122223333"],
        &["webhook", "add", "http://127.0.0.1:1/"],
    ] {
        let (status, stderr) = run_into(&wharf, arguments, unread());
        assert_eq!(status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("cannot be shown") && !stderr.contains("panic"), "{arguments:?}: {stderr}");
    }
}

#[tokio::test]
async fn commands_make_no_registry() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let absent = wharf.data_directory().join("mistyped");
    let data = absent.display().to_string();
    for arguments in [
        &["jobs"][..],
        &["audit"],
        &["usage"],
        &["usage", "--now"],
        &["fsck"],
        &["gc"],
        &["account", "create", "111122223333"],
        &["admin", "create-repository", "app"],
        &["webhook", "list"],
    ] {
        let finished = wharf.run_with(arguments, &[("WHARF_DATA_DIR", &data)]);
        assert!(
            !finished.status.success() && finished.stderr.contains("does not exist"),
            "{arguments:?}: {finished:?}"
        );
        assert!(!absent.exists(), "{arguments:?} makes {data}");
    }
}
