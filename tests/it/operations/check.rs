//! `wharf check`: the settings, the database, the migrations and the storage, each looked at, each named.

use tests::harness::admin::within;
use tests::harness::s3::Prefix;
use tests::harness::{Backend, Wharf, on_all, port};

#[tokio::test]
async fn a_good_setup_passes() {
    on_all(async |wharf| {
        let finished = wharf.run(&["check"]);
        assert!(finished.status.success(), "{finished:?}");
        let text = format!("{}{}", finished.stdout, finished.stderr).to_lowercase();
        for part in ["settings", "database", "schema", "master key", "storage"] {
            assert!(text.contains(part), "{part} is not mentioned: {text}");
        }
        assert!(!text.contains(&tests::harness::server::ROOT_SECRET_ACCESS_KEY.to_lowercase()), "{text}");
        wharf.client().get("/v2/").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    on_all(async |wharf| {
        let nowhere = port::free();
        if wharf.backend().postgres() {
            let url = format!("postgres://wharf:canary@127.0.0.1:{nowhere}/none");
            let finished = wharf.run_with(&["check"], &[("WHARF_DATABASE_URL", &url)]);
            assert!(!finished.status.success(), "{finished:?}");
            let text = format!("{}{}", finished.stdout, finished.stderr);
            assert!(text.to_lowercase().contains("database") && !text.contains("canary"), "{text}");
        }
        let finished = if wharf.backend().s3() {
            let endpoint = format!("http://127.0.0.1:{nowhere}");
            wharf.run_with(&["check"], &[("WHARF_S3_ENDPOINT", &endpoint)])
        } else {
            // A file where a directory should be.
            let file = wharf.data_directory().join("in-the-way");
            std::fs::write(&file, b"x").expect("a file can be written");
            wharf.run_with(&["check"], &[("WHARF_STORAGE_URL", &format!("file:{}", file.display()))])
        };
        assert!(!finished.status.success(), "{finished:?}");
        let text = format!("{}{}", finished.stdout, finished.stderr).to_lowercase();
        assert!(text.contains("storage"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn wrong_keys_of_the_storage_are_found_out() {
    let wharf = Wharf::start(Backend::SqliteS3).await;
    let finished = wharf.run_with(&["check"], &[("WHARF_S3_SECRET_ACCESS_KEY", "wrong-canary-key")]);
    assert!(!finished.status.success(), "{finished:?}");
    assert!(!format!("{}{}", finished.stdout, finished.stderr).contains("wrong-canary-key"));
}

#[tokio::test]
async fn what_is_not_there_is_not_made() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let absent = wharf.data_directory().join("mistyped");
    let data = absent.display().to_string();
    let finished = wharf.run_with(&["check"], &[("WHARF_DATA_DIR", &data)]);
    assert!(!finished.status.success() && finished.stdout.contains("does not exist"), "{finished:?}");
    let url = format!("sqlite:{data}/wharf.db");
    let finished = wharf.run_with(&["check"], &[("WHARF_DATABASE_URL", &url)]);
    assert!(!finished.status.success() && finished.stdout.contains("does not exist"), "{finished:?}");
    assert!(!absent.exists(), "a look makes nothing");
}

/// As after a restore that forgot it.
#[tokio::test]
async fn another_master_key_is_found_out() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::start(backend).await;
        let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let finished = wharf.run_with(&["check"], &[("WHARF_MASTER_KEY", other)]);
        assert_eq!(finished.status.code(), Some(1), "{finished:?}");
        assert!(finished.stdout.contains("master key: it opens none of the"), "{finished:?}");
        assert!(!finished.stdout.contains(other), "{finished:?}");
    }
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let master = wharf.data_directory().join("master.key");
    std::fs::remove_file(&master).expect("a file can be removed");
    let finished = wharf.run(&["check"]);
    assert!(
        finished.status.code() == Some(1) && finished.stdout.contains("master key: WHARF_MASTER_KEY"),
        "{finished:?}"
    );
    assert!(!master.exists(), "a look makes nothing");
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_found_out() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    let database = wharf.backing().database();
    // It asks the database each time, and takes one that a busy machine lets wait for three seconds for one that is not there.
    within(30, "the database takes writes", async || wharf.readyz().await == 200).await;
    database.refuse_writes();
    let finished = wharf.run(&["check"]);
    assert!(!finished.status.success() && finished.stdout.contains("database:"), "{finished:?}");
    within(15, "the database takes no writes", async || wharf.readyz().await == 503).await;
    wharf.anonymous().get("/healthz").send().await.expect(200);
}

#[tokio::test]
async fn a_store_that_does_not_encrypt_as_it_is_asked_is_found_out() {
    let settings: Vec<(String, String)> = Prefix::on_second().settings();
    let mut settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.push(("WHARF_S3_ENCRYPTION", "repository"));
    let disk = Wharf::start(Backend::SqliteDisk).await;
    let finished = disk.run_with(&["check"], &settings);
    assert!(finished.status.success(), "{finished:?}");
    assert!(finished.stdout.contains("was written, encrypted, read back and deleted"), "{finished:?}");
    // The first S3 server takes the header and does nothing.
    let bucket = Wharf::start(Backend::SqliteS3).await;
    let finished = bucket.run_with(&["check"], &[("WHARF_S3_ENCRYPTION", "repository")]);
    assert!(!finished.status.success(), "{finished:?}");
    let line = finished.stdout.lines().find(|line| line.starts_with("storage: ")).expect("a line about the storage");
    assert!(line.contains("asked to encrypt with AES256, and says that it did with nothing"), "{line}");
    // A directory has no such thing: the program does not start.
    for command in ["check", "serve"] {
        let finished = disk.run_with(&[command], &[("WHARF_S3_ENCRYPTION", "repository")]);
        assert!(!finished.status.success(), "{finished:?}");
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert_eq!(said.lines().filter(|line| line.contains("WHARF_S3_ENCRYPTION")).count(), 1, "{said}");
    }
}
