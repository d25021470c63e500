//! The keys that the first start makes, and what becomes of a registry whose master key is gone.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tests::harness::program::Program;
use tests::harness::{Auth, Backend, Client, Wharf, port};

const LIMIT: Duration = Duration::from_secs(20);

fn settings(data: &Path, port: u16) -> Vec<(String, String)> {
    vec![
        ("WHARF_DATA_DIR".to_owned(), data.display().to_string()),
        ("WHARF_LISTEN".to_owned(), format!("127.0.0.1:{port}")),
        ("WHARF_AGENT".to_owned(), "off".to_owned()),
    ]
}

/// The access key in a file that the first start made.
fn key(path: &Path) -> Auth {
    let text = std::fs::read_to_string(path).expect("a file with credentials");
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = ")).expect("a member");
    Auth::basic(of("aws_access_key_id"), of("aws_secret_access_key"))
}

/// Waits until the server says that it is ready, and whether it takes a key.
async fn takes(program: &mut Program, port: u16, key: Auth) -> bool {
    let client = Client::new(&format!("http://127.0.0.1:{port}"), key);
    for _ in 0..500 {
        if client.get("/healthz").try_send().await.is_ok() {
            return client.get("/v2/").send().await.status() == 200;
        }
        assert!(program.ended().is_none(), "{}", program.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never ready: {}", program.output());
}

#[tokio::test]
async fn the_first_key_is_its_owners_alone_whatever_was_there() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let (data, port) = (home.path().join("data"), port::free());
    let credentials = data.join("credentials");
    std::fs::create_dir(&data).expect("a directory can be made");
    std::fs::write(&credentials, "old").expect("a file can be written");
    std::fs::set_permissions(&credentials, std::fs::Permissions::from_mode(0o644)).expect("its mode can be changed");
    let mut program = Program::start(&["serve"], &settings(&data, port), home.path(), &home.path().join("log"));
    let ready = takes(&mut program, port, Auth::None).await;
    assert!(!ready, "nobody gets in without a key");
    assert!(takes(&mut program, port, key(&credentials)).await);
    for name in ["credentials", "master.key", "wharf.db"] {
        let mode = std::fs::metadata(data.join(name)).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let drafts = std::fs::read_dir(&data).expect("a directory").filter_map(Result::ok);
    let drafts: Vec<_> = drafts.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).collect();
    assert!(drafts.is_empty(), "{drafts:?}");
}

#[tokio::test]
async fn a_first_key_that_cannot_be_kept_is_not_lost() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let (data, port) = (home.path().join("data"), port::free());
    let in_the_way = data.join("credentials");
    std::fs::create_dir_all(&in_the_way).expect("a directory can be made");
    let failed = Program::run(&["serve"], &settings(&data, port), home.path(), LIMIT);
    assert!(!failed.status.success() && failed.stderr.contains("cannot write"), "{failed:?}");
    std::fs::remove_dir(&in_the_way).expect("a directory can be removed");
    let draft = std::fs::read_dir(&data)
        .expect("a directory")
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| failed.stderr.contains(&path.display().to_string()))
        .expect("the failure says where the key is");
    let mut program = Program::start(&["serve"], &settings(&data, port), home.path(), &home.path().join("log"));
    assert!(takes(&mut program, port, key(&draft)).await);
}

#[tokio::test]
async fn another_master_key_makes_nothing_that_nobody_can_open() {
    let mut wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.kill();
    let data = wharf.data_directory();
    let (master, away) = (data.join("master.key"), data.join("away"));
    std::fs::rename(&master, &away).expect("a file can be renamed");
    for arguments in [&["account", "create", "111122223333"][..], &["admin", "create-repository", "app"], &["serve"]] {
        for further in [&[][..], &[("WHARF_ROOT_ACCESS_KEY_ID", ""), ("WHARF_ROOT_SECRET_ACCESS_KEY", "")]] {
            let finished = wharf.run_with(arguments, further);
            assert!(!finished.status.success(), "{arguments:?}: {finished:?}");
            assert!(finished.stderr.contains("the master key opens no access key"), "{arguments:?}: {finished:?}");
            assert!(!finished.stdout.contains("secret access key"), "{arguments:?}: {finished:?}");
        }
    }
    // Whoever has lost it begins anew.
    let anew =
        [("WHARF_ROOT_ACCESS_KEY_ID", "AKIANEWROOT000000000"), ("WHARF_ROOT_SECRET_ACCESS_KEY", "new-secret-0000")];
    let finished = wharf.run_with(&["admin", "rotate-signing-key"], &anew);
    assert!(finished.status.success(), "{finished:?}");
    // Put back, everything is as it was.
    std::fs::rename(&away, &master).expect("a file can be renamed");
    wharf.restart().await;
    wharf.client().get("/v2/").send().await.expect(200);
}
