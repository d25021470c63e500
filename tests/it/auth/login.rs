//! Logging in: Basic credentials on every request, the way `docker login` takes, and the `AWS` user name.

use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Auth, Backend, Wharf, on_default, raw};

#[tokio::test]
async fn docker_login_with_an_access_key_works() {
    on_default(async |wharf| {
        // Ping, token without a scope, ping with the token.
        let challenge = wharf.anonymous().get("/v2/").send().await.expect(401);
        let parameters = super::challenge::parameters(challenge.header("www-authenticate"));
        let target = format!(
            "{}?service={}&account={ROOT_ACCESS_KEY_ID}&client_id=docker&offline_token=true",
            parameters["realm"], parameters["service"],
        );
        let answer = wharf.client().get(&target).send().await.expect(200);
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        wharf.client().as_(Auth::Bearer(token)).get("/v2/").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn basic_credentials_are_taken_on_every_request() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        repository.expect_image(Some("one"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn the_scheme_is_not_case_sensitive() {
    on_default(async |wharf| {
        let line = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
        let credentials = line.trim_start_matches("Authorization: Basic ");
        for scheme in ["Basic", "basic", "BASIC"] {
            let auth = Auth::Verbatim(format!("{scheme} {credentials}").into_bytes());
            wharf.client().as_(auth).get("/v2/").send().await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn the_user_name_aws_needs_a_token_that_was_issued_for_it() {
    on_default(async |wharf| {
        let answer = wharf.client().get("/token?offline_token=true").send().await.expect(200);
        let document = answer.json();
        // What a client holds for other purposes may not be turned into a password of twelve hours.
        for field in ["token", "refresh_token"] {
            let other = document[field].as_str().expect("a token");
            let client = wharf.anonymous_from([127, 0, 0, 9]).as_(Auth::basic("AWS", other));
            client.get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        }
        for password in ["", "not-a-token", ROOT_SECRET_ACCESS_KEY] {
            let client = wharf.anonymous_from([127, 0, 0, 10]).as_(Auth::basic("AWS", password));
            client.get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        }
    })
    .await;
}

#[tokio::test]
async fn first_credentials_are_made_kept_and_shown_once() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let data = home.path().join("data");
    let port = tests::harness::port::free();
    let settings = vec![
        ("WHARF_LISTEN".to_owned(), format!("127.0.0.1:{port}")),
        ("WHARF_DATA_DIR".to_owned(), data.display().to_string()),
    ];
    let log = home.path().join("log");
    let start = || tests::harness::program::Program::start(&[], &settings, home.path(), &log);
    let mut program = start();
    let client = tests::harness::Client::new(&format!("http://127.0.0.1:{port}"), Auth::None);
    wait_until_ready(&client, &mut program).await;

    let output = program.output();
    let line = output.lines().find(|line| line.contains("docker login")).unwrap_or_else(|| panic!("{output}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |flag: &str| {
        let at = words.iter().position(|word| *word == flag).unwrap_or_else(|| panic!("{flag} in {line}"));
        words[at + 1].trim_matches(['\'', '"']).to_owned()
    };
    let user = after("-u");
    assert!(line.contains(&format!("127.0.0.1:{port}")), "{line}");
    let secret = secret_in(&data, &user);
    client.as_(Auth::basic(&user, &secret)).get("/v2/").send().await.expect(200);
    program.kill();

    // The same credentials hold after a restart, and are not printed again.
    let before = output.matches(&secret).count();
    let mut program = start();
    wait_until_ready(&client, &mut program).await;
    assert_eq!(program.output().matches(&secret).count(), before, "the secret is shown on the first start alone");
    client.as_(Auth::basic(&user, &secret)).get("/v2/").send().await.expect(200);
}

/// The secret of an access key, from the one file in the data directory that holds both, which nobody else may read.
fn secret_in(data: &std::path::Path, user: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(data).expect("the data directory exists").flatten() {
        let Ok(text) = std::fs::read_to_string(entry.path()) else {
            continue;
        };
        if !text.contains(user) {
            continue;
        }
        let mode = entry.metadata().expect("a file has metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{} may be read by others", entry.path().display());
        let secret = text
            .split(|char: char| char.is_whitespace() || "=:\"',{}".contains(char))
            .filter(|word| word.len() >= 30 && *word != user)
            .max_by_key(|word| word.len());
        return secret.unwrap_or_else(|| panic!("no secret in {text}")).to_owned();
    }
    panic!("no file in {} holds the first credentials", data.display());
}

async fn wait_until_ready(client: &tests::harness::Client, program: &mut tests::harness::program::Program) {
    for _ in 0..1000 {
        if let Ok(answer) = client.get("/readyz").try_send().await
            && answer.status() == 200
        {
            return;
        }
        assert!(program.ended().is_none(), "{}", program.output());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("never ready: {}", program.output());
}

#[tokio::test]
async fn secrets_and_tokens_never_appear_in_the_log() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_LOG_LEVEL", "trace").start().await;
        let answer = wharf.client().get("/token").send().await.expect(200);
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        wharf.client().as_(Auth::Bearer(token.clone())).get("/v2/").send().await.expect(200);
        wharf.repository().push_small("one").await;
        wharf.client().as_(Auth::basic(ROOT_ACCESS_KEY_ID, "wrong-canary-secret")).get("/v2/").send().await.expect(401);
        let form = [
            ("grant_type", "password"),
            ("username", ROOT_ACCESS_KEY_ID),
            ("password", ROOT_SECRET_ACCESS_KEY),
            ("service", "x"),
        ];
        wharf.anonymous().post("/token").form(&form).send().await;
        let output = wharf.output();
        let encoded = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
        let encoded = encoded.trim_start_matches("Authorization: Basic ");
        let signature = token.rsplit('.').next().expect("a signature");
        let master = wharf.data_directory().join("master.key");
        let master = std::fs::read_to_string(master).unwrap_or_default();
        for secret in [ROOT_SECRET_ACCESS_KEY, encoded, signature, "wrong-canary-secret", master.trim()] {
            assert!(secret.is_empty() || !output.contains(secret), "{secret} is in the log");
        }
    }
}
