//! Settings: where they come from, which wins, and what happens to those that make no sense.

use std::time::Duration;

use tests::harness::program::{Finished, Program};
use tests::harness::{Auth, Client, port};

const LIMIT: Duration = Duration::from_secs(20);

/// Runs with these settings alone, in a directory of its own; it must end.
fn run(arguments: &[&str], settings: &[(&str, &str)]) -> Finished {
    let home = tempfile::tempdir().expect("a temporary directory");
    let mut all = vec![("WHARF_DATA_DIR".to_owned(), home.path().join("data").display().to_string())];
    all.retain(|(name, _)| !settings.iter().any(|(own, _)| own == name));
    all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Program::run(arguments, &all, home.path(), LIMIT)
}

#[test]
fn help_lists_every_setting_with_its_default() {
    let finished =
        run(&["serve", "--help"], &[("WHARF_ROOT_SECRET_ACCESS_KEY", "canary-secret-of-the-environment-000000")]);
    assert!(finished.status.success(), "{finished:?}");
    let names = [
        "WHARF_LISTEN",
        "WHARF_DATA_DIR",
        "WHARF_DATABASE_URL",
        "WHARF_STORAGE_URL",
        "WHARF_ROOT_ACCESS_KEY_ID",
        "WHARF_ROOT_SECRET_ACCESS_KEY",
        "WHARF_ACCOUNT_ID",
        "WHARF_REGION",
        "WHARF_EXTERNAL_URL",
        "WHARF_TLS_CERT",
        "WHARF_TLS_KEY",
        "WHARF_LOG_LEVEL",
        "WHARF_LOG_FORMAT",
        "WHARF_S3_ENDPOINT",
        "WHARF_S3_PATH_STYLE",
        "WHARF_SPARSE_INDEXES",
        "WHARF_CREATE_ON_PUSH",
        "WHARF_DELETE_ENABLED",
        "WHARF_AUTH_CHALLENGE",
        "WHARF_BLOB_REDIRECT",
        "WHARF_DISK_LOW_WATER",
        "WHARF_MEMORY_BUDGET",
        "WHARF_MAX_MANIFEST_BYTES",
        "WHARF_UPLOAD_TTL",
    ];
    for name in names {
        assert!(finished.stdout.contains(name), "{name} is not in the help: {}", finished.stdout);
    }
    for default in ["127.0.0.1:5000", "000000000000", "us-east-1"] {
        assert!(finished.stdout.contains(default), "{default} is not in the help");
    }
    assert!(!finished.stdout.contains("canary-secret"), "the help shows a secret");
}

#[test]
fn settings_that_make_no_sense_stop_the_start_and_are_named() {
    let cases = [
        ("WHARF_ACCOUNT_ID", "12"),
        ("WHARF_ACCOUNT_ID", "12345678901x"),
        ("WHARF_LISTEN", "nowhere"),
        ("WHARF_LISTEN", "127.0.0.1:99999"),
        ("WHARF_DATABASE_URL", "mysql://localhost/x"),
        ("WHARF_STORAGE_URL", "ftp://x/y"),
        ("WHARF_STORAGE_URL", "s3://"),
        ("WHARF_ENVIRONMENT_FILES", "/srv/buckets"),
        ("WHARF_ENVIRONMENT_FILES", "file:"),
        ("WHARF_EXTERNAL_URL", "not a url"),
        ("WHARF_MEMORY_BUDGET", "much"),
        ("WHARF_MAX_LAYER_PART_BYTES", "4MiB"),
        ("WHARF_UPLOAD_TTL", "soon"),
        ("WHARF_LOG_FORMAT", "xml"),
        ("WHARF_AUTH_CHALLENGE", "digest"),
        ("WHARF_CREATE_ON_PUSH", "perhaps"),
        ("WHARF_TLS_CERT", "/no/such/file"),
        ("WHARF_ROOT_ACCESS_KEY_ID", "AKIAALONE00000000000"),
        ("WHARF_UNKNOWN_SETTING", "x"),
        ("WHARF_LITSEN", "127.0.0.1:5000"),
    ];
    for (name, value) in cases {
        let finished = run(&["serve"], &[(name, value)]);
        assert!(!finished.status.success(), "{name}={value}: {finished:?}");
        let text = format!("{}{}", finished.stdout, finished.stderr);
        // A setting that must have a partner may be blamed on the partner.
        let partner = match name {
            "WHARF_TLS_CERT" => "WHARF_TLS_KEY",
            "WHARF_ROOT_ACCESS_KEY_ID" => "WHARF_ROOT_SECRET_ACCESS_KEY",
            _ => name,
        };
        assert!(text.contains(name) || text.contains(partner), "{name}={value} is not named: {text}");
        assert!(!text.contains("panicked"), "{text}");
        assert!(text.lines().filter(|line| !line.trim().is_empty()).count() <= 6, "one clear line, not: {text}");
    }
}

/// The list of settings writes it so.
#[test]
fn a_duration_of_nothing_needs_no_unit() {
    for name in ["WHARF_UNDO_WINDOW", "WHARF_GC_DELAY", "WHARF_AUDIT_RETENTION", "WHARF_SHUTDOWN_GRACE"] {
        let finished = run(&["check"], &[(name, "0")]);
        assert!(finished.stdout.contains("settings: ok"), "{name}: {finished:?}");
    }
    assert_eq!(run(&["check"], &[("WHARF_UPLOAD_TTL", "0")]).status.code(), Some(2));
}

#[test]
fn what_kubernetes_says_of_services_is_no_setting() {
    let services = [
        ("WHARF_SERVICE_HOST", "10.96.0.7"),
        ("WHARF_SERVICE_PORT", "5000"),
        ("WHARF_SERVICE_PORT_HTTP", "5000"),
        ("WHARF_PORT", "tcp://10.96.0.7:5000"),
        ("WHARF_PORT_5000_TCP", "tcp://10.96.0.7:5000"),
        ("WHARF_PORT_5000_TCP_PROTO", "tcp"),
        ("WHARF_PORT_5000_TCP_PORT", "5000"),
        ("WHARF_PORT_5000_TCP_ADDR", "10.96.0.7"),
        ("WHARF_POSTGRES_SERVICE_HOST", "10.96.0.8"),
        ("WHARF_POSTGRES_PORT", "tcp://10.96.0.8:5432"),
        ("WHARF_POSTGRES_PORT_5432_TCP_ADDR", "10.96.0.8"),
        ("WHARF_PORTAL_PORT_80_TCP", "tcp://10.96.0.9:80"),
    ];
    let finished = run(&["check"], &services);
    assert!(finished.stdout.contains("settings: ok"), "{finished:?}");
    // What people may take for settings is still refused.
    for wrong in [("WHARF_PORT", "5000"), ("WHARF_PORTS_5000_TLS", "x"), ("WHARF_SERVICE_HOSTS", "x")] {
        let finished = run(&["check"], &[wrong]);
        assert!(finished.status.code() == Some(2) && finished.stderr.contains(wrong.0), "{wrong:?}: {finished:?}");
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    let finished = run(
        &["serve"],
        &[("WHARF_ACCOUNT_ID", "12"), ("WHARF_MEMORY_BUDGET", "much"), ("WHARF_DATABASE_URL", "mysql://x")],
    );
    assert!(!finished.status.success());
    let text = format!("{}{}", finished.stdout, finished.stderr);
    for name in ["WHARF_ACCOUNT_ID", "WHARF_MEMORY_BUDGET", "WHARF_DATABASE_URL"] {
        assert!(text.contains(name), "{name} is not reported: {text}");
    }
}

#[test]
fn a_database_that_is_not_there_stops_the_start_without_its_password() {
    let url = format!("postgres://user:canary-password@127.0.0.1:{}/none", port::free());
    let finished = run(&["serve"], &[("WHARF_DATABASE_URL", &url)]);
    assert!(!finished.status.success());
    let text = format!("{}{}", finished.stdout, finished.stderr);
    assert!(!text.contains("canary-password"), "{text}");
    assert!(text.to_lowercase().contains("database"), "{text}");
}

#[test]
fn a_port_in_use_stops_the_start() {
    let port = port::free();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    let finished = run(&["serve"], &[("WHARF_LISTEN", &format!("127.0.0.1:{port}"))]);
    assert!(!finished.status.success());
    let text = format!("{}{}", finished.stdout, finished.stderr);
    assert!(text.contains(&port.to_string()), "{text}");
}

#[tokio::test]
async fn a_flag_beats_the_environment_and_the_environment_beats_the_file() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let (by_flag, by_environment, by_file) = (port::free(), port::free(), port::free());
    let file = home.path().join("wharf.toml");
    let data = home.path().join("data").display().to_string();
    let text = format!("listen = \"127.0.0.1:{by_file}\"\ndata_dir = \"{data}\"\n");
    std::fs::write(&file, text).expect("a file can be written");
    let environment = [
        ("WHARF_CONFIG".to_owned(), file.display().to_string()),
        ("WHARF_LISTEN".to_owned(), format!("127.0.0.1:{by_environment}")),
    ];
    let flag = format!("127.0.0.1:{by_flag}");
    let cases = [
        (vec!["serve", "--listen", &flag], &environment[..], by_flag),
        (vec!["serve"], &environment[..], by_environment),
        (vec!["serve"], &environment[..1], by_file),
    ];
    for (arguments, environment, port) in cases {
        let mut program = Program::start(&arguments, environment, home.path(), &home.path().join("log"));
        let client = Client::new(&format!("http://127.0.0.1:{port}"), Auth::None);
        let mut up = false;
        for _ in 0..500 {
            if client.get("/healthz").try_send().await.is_ok() {
                up = true;
                break;
            }
            assert!(program.ended().is_none(), "{}", program.output());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(up, "{arguments:?} does not listen on {port}: {}", program.output());
    }
}

#[test]
fn an_unknown_key_in_the_file_stops_the_start() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let file = home.path().join("wharf.toml");
    std::fs::write(&file, "listne = \"127.0.0.1:1\"\n").expect("a file can be written");
    let finished = run(&["serve"], &[("WHARF_CONFIG", &file.display().to_string())]);
    assert!(!finished.status.success());
    assert!(format!("{}{}", finished.stdout, finished.stderr).contains("listne"), "{finished:?}");
}

#[test]
fn the_version_is_told() {
    let finished = run(&["--version"], &[]);
    assert!(finished.status.success());
    assert!(finished.stdout.starts_with("wharf "), "{}", finished.stdout);
}
