//! Tests of the settings as a whole: which source counts, and what is said about faults.

use std::path::Path;

use clap::Parser;

use super::*;

fn load(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Config, Problems> {
    let cli = Cli::try_parse_from(std::iter::once(&"wharf").chain(arguments)).unwrap();
    Config::load(cli.flags, environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
}

fn faults(environment: &[(&str, &str)]) -> Vec<String> {
    load(&[], environment).unwrap_err().to_string().lines().map(str::to_owned).collect()
}

/// A settings file that is removed at the end of the test.
struct SettingsFile(PathBuf);

impl SettingsFile {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wharf-settings-{}.toml", uuid::Uuid::new_v4()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for SettingsFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn nothing_at_all_is_a_working_configuration() {
    let config = load(&[], &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:5000");
    assert_eq!(config.account_id.as_str(), "000000000000");
    assert_eq!(config.region.as_str(), "us-east-1");
    assert_eq!(config.memory_budget, 256 << 20);
    assert_eq!(config.token_ttl, Duration::from_secs(12 * 3600));
    assert_eq!(config.auth_challenge, Challenge::Bearer);
    assert!(config.create_on_push && config.delete_enabled && !config.sparse_indexes && !config.blob_redirect);
    assert!(matches!(&config.database, Database::Sqlite(path) if path == Path::new("./wharf-data/wharf.db")));
    assert!(matches!(&config.storage, Storage::Disk(path) if path == Path::new("./wharf-data/blobs")));
    assert!(config.root_key.is_none() && config.tls.is_none() && config.master_key.is_none());
    assert!(config.balancer && config.balancer_address.is_none() && config.balancer_tls.is_none());
}

#[test]
fn the_balancer_has_an_address_without_a_port() {
    let environment = [("WHARF_BALANCER", "false"), ("WHARF_BALANCER_ADDRESS", "fd00::1")];
    let config = load(&[], &environment).unwrap();
    assert!(!config.balancer);
    assert_eq!(config.balancer_address, Some("fd00::1".parse().unwrap()));
    let faults = faults(&[("WHARF_BALANCER_ADDRESS", "10.0.0.5:80"), ("WHARF_BALANCER_TLS_CERT", "/nonexistent")]);
    for name in ["WHARF_BALANCER_ADDRESS", "WHARF_BALANCER_TLS_KEY"] {
        assert!(faults.iter().any(|fault| fault.contains(name)), "{name}: {faults:?}");
    }
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let file = SettingsFile::new("region = 'from-file'\nlisten = '127.0.0.1:1'\naccount_id = '111111111111'\n");
    let environment = [("WHARF_CONFIG", file.path()), ("WHARF_LISTEN", "127.0.0.1:2"), ("WHARF_REGION", "from-env")];
    let config = load(&["--listen", "127.0.0.1:3"], &environment).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.region.as_str(), "from-env");
    assert_eq!(config.account_id.as_str(), "111111111111");
}

#[test]
fn the_file_may_be_named_by_a_flag_and_hold_toml_types() {
    let file = SettingsFile::new(
        "database_pool = 20\nsparse_indexes = true\ntrusted_proxies = ['10.0.0.0/8', '::1']\nidle_timeout = '2m'\n",
    );
    let config = load(&["--config", file.path()], &[("WHARF_CONFIG", "/nonexistent")]).unwrap();
    assert_eq!(config.database_pool, 20);
    assert!(config.sparse_indexes);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.idle_timeout, Duration::from_secs(120));
}

#[test]
fn every_fault_is_reported_at_once_in_a_line_of_its_own() {
    let faults = faults(&[
        ("WHARF_ACCOUNT_ID", "12"),
        ("WHARF_LISTEN", "localhost"),
        ("WHARF_MEMORY_BUDGET", "1MiB"),
        ("WHARF_SHUTDOWN_GRACE", "30"),
        ("WHARF_BLOB_REDIRECT", "maybe"),
        ("WHARF_LOG_FORMAT", "xml"),
        ("WHARF_TOKEN_TTL", "13h"),
    ]);
    let expected = [
        "WHARF_LISTEN: 'localhost' is not an address and port such as 127.0.0.1:5000 or [::]:5000",
        "WHARF_BLOB_REDIRECT: 'maybe' is neither true nor false",
        "WHARF_ACCOUNT_ID: '12' is not 12 digits",
        "WHARF_TOKEN_TTL: '13h' is not between 1m and 12h",
        "WHARF_MEMORY_BUDGET: '1MiB' is not at least 16MiB",
        "WHARF_SHUTDOWN_GRACE: '30' is not a duration such as 500ms, 30s, 15m, 12h or 7d",
        "WHARF_LOG_FORMAT: 'xml' is neither text nor json",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn unknown_names_stop_the_start_and_suggest_the_right_one() {
    let file = SettingsFile::new("data_dri = 'x'\ncolour = 'red'\n");
    let faults = faults(&[("WHARF_CONFIG", file.path()), ("WHARF_ACOUNT_ID", "1"), ("WHARF_TEST_DATABASE", "x")]);
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults[0].ends_with("no setting is named 'colour'"), "{faults:?}");
    assert!(faults[1].ends_with("no setting is named 'data_dri'; did you mean 'data_dir'?"), "{faults:?}");
    assert_eq!(faults[2], "WHARF_ACOUNT_ID: no such setting; did you mean WHARF_ACCOUNT_ID?");
}

#[test]
fn a_broken_file_is_named_with_its_line_and_without_its_text() {
    let file = SettingsFile::new("region = 'x'\nroot_secret_access_key = 'hunter2\n");
    let faults = faults(&[("WHARF_CONFIG", file.path())]);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with(&format!("{}:2: ", file.path())) && !faults[0].contains("hunter2"), "{faults:?}");
    let missing = self::faults(&[("WHARF_CONFIG", "/nonexistent/wharf.toml")]);
    assert!(missing[0].contains("cannot read the settings file"), "{missing:?}");
}

#[test]
fn settings_that_need_each_other_come_together() {
    let faults = faults(&[("WHARF_ROOT_ACCESS_KEY_ID", "AKIAROOT"), ("WHARF_TLS_KEY", "key.pem")]);
    assert_eq!(
        faults,
        [
            "WHARF_ROOT_SECRET_ACCESS_KEY: must be set too when WHARF_ROOT_ACCESS_KEY_ID is",
            "WHARF_TLS_CERT: must be set too when WHARF_TLS_KEY is",
        ]
    );
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let config = load(&[], &[("WHARF_TLS_CERT", ""), ("WHARF_LISTEN", "")]).unwrap();
    assert_eq!(config.listen.port(), 5000);
}

#[test]
fn a_bucket_takes_its_rest_from_the_usual_variables() {
    let config = load(
        &["--storage-url", "s3://wharf-blobs/team/a/"],
        &[
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_SESSION_TOKEN", "hunter3"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000/"),
            ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9001"),
        ],
    )
    .unwrap();
    let debug = format!("{config:?}");
    assert!(!debug.contains("hunter"), "{debug}");
    let Storage::S3(s3) = config.storage else { panic!("not a bucket") };
    assert_eq!((s3.bucket.as_str(), s3.prefix.as_str()), ("wharf-blobs", "team/a"));
    assert_eq!(s3.endpoint.as_deref(), Some("http://127.0.0.1:9001"));
    assert_eq!(s3.region, "eu-west-1");
    assert!(s3.path_style);
    let credentials = s3.credentials.unwrap();
    assert_eq!(credentials.access_key_id, "AKIA");
    assert_eq!(credentials.session_token.unwrap().expose(), "hunter3");
}

#[test]
fn own_keys_win_over_the_usual_variables_and_bring_no_session_token() {
    let config = load(
        &["--storage-url=s3://wharf-blobs", "--s3-path-style=false", "--s3-endpoint=https://s3.example.com"],
        &[
            ("WHARF_S3_ACCESS_KEY_ID", "OWN"),
            ("WHARF_S3_SECRET_ACCESS_KEY", "own"),
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_SESSION_TOKEN", "hunter3"),
        ],
    )
    .unwrap();
    let Storage::S3(s3) = config.storage else { panic!("not a bucket") };
    assert!(!s3.path_style);
    let credentials = s3.credentials.unwrap();
    assert_eq!((credentials.access_key_id.as_str(), credentials.session_token.is_none()), ("OWN", true));
}

#[test]
fn settings_of_a_bucket_without_a_bucket_are_a_mistake() {
    let faults = faults(&[("WHARF_S3_ENDPOINT", "http://127.0.0.1:9000"), ("WHARF_BLOB_REDIRECT", "true")]);
    assert_eq!(
        faults,
        [
            "WHARF_S3_ENDPOINT: has no effect unless WHARF_STORAGE_URL is s3://…",
            "WHARF_BLOB_REDIRECT: needs WHARF_STORAGE_URL to be s3://…",
        ]
    );
}

#[test]
fn a_bucket_may_be_asked_for_the_encryption_of_repositories_and_a_directory_may_not() {
    let asked = |more: &[(&str, &str)]| {
        let bucket = [("WHARF_STORAGE_URL", "s3://wharf-blobs")];
        load(&[], &[&bucket, more].concat()).unwrap().storage.repository_encryption()
    };
    assert!(!asked(&[]));
    assert!(!asked(&[("WHARF_S3_ENCRYPTION", "none")]));
    assert!(asked(&[("WHARF_S3_ENCRYPTION", "repository")]));
    assert!(!load(&[], &[("WHARF_S3_ENCRYPTION", "none")]).unwrap().storage.repository_encryption());
    // The server of environment files does not store blobs.
    for more in [[].as_slice(), &[("WHARF_ENVIRONMENT_FILES", "s3:")]] {
        assert_eq!(
            faults(&[[("WHARF_S3_ENCRYPTION", "repository")].as_slice(), more].concat()),
            ["WHARF_S3_ENCRYPTION: repository needs WHARF_STORAGE_URL to be s3://…; a directory encrypts nothing"]
        );
    }
    assert_eq!(
        faults(&[("WHARF_STORAGE_URL", "s3://wharf-blobs"), ("WHARF_S3_ENCRYPTION", "AES256")]),
        ["WHARF_S3_ENCRYPTION: 'AES256' is neither none nor repository"]
    );
}

#[test]
fn impossible_storage_is_refused() {
    for url in
        ["file:", "s3://", "s3://ab", "s3://buck et", "s3://bucket/a/../b", "s3://bucket/a//b", "gs://bucket", "x"]
    {
        let faults = faults(&[("WHARF_STORAGE_URL", url)]);
        assert!(faults.len() == 1 && faults[0].starts_with("WHARF_STORAGE_URL: "), "{url}: {faults:?}");
    }
}

#[test]
fn secrets_appear_in_no_message() {
    let faults = faults(&[
        ("WHARF_DATABASE_URL", "postgers://wharf:hunter2@db/wharf"),
        ("WHARF_MASTER_KEY", "hunter2"),
        ("WHARF_ROOT_ACCESS_KEY_ID", "hunter2/"),
        ("WHARF_STORAGE_URL", "s3://AKIA:hunter2@bucket/prefix"),
        ("WHARF_ROOT_SECRET_ACCESS_KEY", "hunter2"),
        ("WHARF_EXTERNAL_URL", "https://user:hunter2@registry.example.com"),
    ]);
    assert_eq!(faults.len(), 6, "{faults:?}");
    assert!(faults.iter().all(|fault| !fault.contains("hunter2")), "{faults:?}");
}
