//! `wharf credential-helper` by Docker's protocol, and through a client that speaks it (crane).

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tests::harness::aws::Aws;
use tests::harness::{Auth, Backend, Wharf, binary, on_default};

use crate::access::model::{PULL, allow, identity_policy};
use crate::sts::web_identity::{ROLE, trusting};

/// A folder with the program under its name as a helper.
fn installed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::os::unix::fs::symlink(binary::path(), folder.path().join("docker-credential-wharf")).expect("a link");
    folder
}

/// Calls the helper as docker does.
fn call(action: &str, input: &str, variables: &[(&str, &str)]) -> Output {
    let folder = installed();
    let mut command = Command::new(folder.path().join("docker-credential-wharf"));
    command.arg(action).env_clear().envs(variables.iter().copied());
    finish(command, input)
}

fn finish(mut command: Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let _ = std::io::Write::write_all(&mut stdin, input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the program ends")
}

fn keys(aws: &Aws) -> Vec<(&str, &str)> {
    vec![("AWS_ACCESS_KEY_ID", &aws.access_key_id), ("AWS_SECRET_ACCESS_KEY", &aws.secret), ("AWS_REGION", "us-east-1")]
}

/// A home folder with files of profiles.
fn home(credentials: &str, config: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a temporary directory");
    let folder = home.path().join(".aws");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("credentials"), credentials).expect("a file");
    std::fs::write(folder.join("config"), config).expect("a file");
    home
}

/// The password that the helper gets, as docker uses it.
#[track_caller]
fn password(wharf: &Wharf, variables: &[(&str, &str)]) -> Auth {
    let output = call("get", &wharf.address().to_string(), variables);
    assert!(output.status.success(), "{}", text(&output.stdout));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    Auth::basic("AWS", answer["Secret"].as_str().expect("a password"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[tokio::test]
async fn docker_gets_a_password_of_the_credentials_that_are_there() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "team/*")])).await;
        let aws = wharf.aws().as_user(&user);
        for server in [wharf.address().to_string(), wharf.url(), format!("http://{}/v2/", wharf.address())] {
            let output = call("get", &format!("{server}\n"), &keys(&aws));
            assert!(output.status.success(), "{}", text(&output.stdout));
            let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert_eq!((&answer["ServerURL"], &answer["Username"]), (&json!(server), &json!("AWS")));
            let auth = Auth::basic("AWS", answer["Secret"].as_str().expect("a password"));
            wharf.client().as_(auth).get("/v2/").send().await.expect(200);
        }
        // The same through a profile, and through the subcommand.
        let (id, secret) = (&aws.access_key_id, &aws.secret);
        let home = home(&format!("[ci]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"), "");
        let home = home.path().to_str().expect("text");
        let variables = [("HOME", home), ("AWS_PROFILE", "ci")];
        let output = call("get", &wharf.address().to_string(), &variables);
        assert!(output.status.success(), "{}", text(&output.stdout));
        let mut command = Command::new(binary::path());
        // It needs none of the settings, not even to be right.
        command.args(["credential-helper", "get"]).env_clear().envs(variables).env("WHARF_LISTEN", "nonsense");
        let output = finish(command, &wharf.address().to_string());
        assert!(output.status.success(), "{}", text(&output.stdout));
        assert_eq!(serde_json::from_slice::<Value>(&output.stdout).expect("JSON")["Username"], "AWS");
    })
    .await;
}

#[tokio::test]
async fn a_job_needs_its_token_and_no_key() {
    let (wharf, issuer) = trusting(Backend::SqliteDisk).await;
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("token");
    // As `echo` writes it.
    std::fs::write(&file, issuer.token("repo:team/app:ref:main", "wharf") + "\n").expect("a file");
    let file = file.to_str().expect("text");
    let variables = [("AWS_WEB_IDENTITY_TOKEN_FILE", file), ("AWS_ROLE_ARN", ROLE), ("AWS_ROLE_SESSION_NAME", "job-7")];
    wharf.client().as_(password(&wharf, &variables)).repository("team/app").push_small("tag").await;
    let home = home("", &format!("[profile job]\nrole_arn = {ROLE}\nweb_identity_token_file = {file}\n"));
    let profile = [("HOME", home.path().to_str().expect("text")), ("AWS_PROFILE", "job")];
    wharf.client().as_(password(&wharf, &profile)).repository("team/app").push_small("tag2").await;

    let failed = |variables: &[(&str, &str)]| {
        let output = call("get", &wharf.address().to_string(), variables);
        assert!(!output.status.success(), "{}", text(&output.stdout));
        text(&output.stdout)
    };
    // Neither is taken for "no credentials", with which docker would go on.
    assert!(failed(&variables[..1]).contains("AWS_ROLE_ARN"));
    let message = failed(&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent"), variables[1]]);
    assert!(message.starts_with("cannot read the token in /nonexistent"), "{message}");
    std::fs::write(file, issuer.token("repo:other/app:ref:main", "wharf")).expect("a file");
    let message = failed(&variables);
    assert!(message.starts_with(&format!("the registry gave no credentials of {ROLE}: AccessDenied: ")), "{message}");
}

#[tokio::test]
async fn profiles_assume_roles_and_run_processes() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" }] });
    let user = wharf.known_user("anna", &policy).await;
    wharf.aws().boto3(
        r#"
iam = client("iam")
def role(name, principal, action, **condition):
    trust = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", "Condition": condition}
    own = {"Effect": "Allow", "Action": action, "Resource": "*"}
    document = lambda statement: json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(own))
    return made
build = role("build", "arn:aws:iam::000000000000:user/anna", "sts:AssumeRole")
role("deploy", build, "ecr:*", StringEquals={"sts:ExternalId": "ours"})
"#,
    );
    let (id, secret) = (&user.access_key_id, &user.secret);
    let json = json!({ "Version": 1, "AccessKeyId": id, "SecretAccessKey": secret });
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), json.to_string()).expect("a file");
    let config = format!(
        "[profile deploy]\nrole_arn = arn:aws:iam::000000000000:role/deploy\nsource_profile = build\n\
         external_id = ours\nduration_seconds = 900\n\
         [profile stranger]\nrole_arn = arn:aws:iam::000000000000:role/deploy\nsource_profile = build\n\
         [profile build]\nrole_arn = arn:aws:iam::000000000000:role/build\nsource_profile = base\n\
         [profile process]\ncredential_process = cat '{0}'\n\
         [profile far]\nrole_arn = arn:aws:iam::000000000000:role/build\nsource_profile = process\n\
         [profile farther]\nrole_arn = arn:aws:iam::000000000000:role/deploy\nsource_profile = far\nexternal_id = ours\n",
        file.path().display()
    );
    let home = home(&format!("[base]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"), &config);
    let home = ("HOME", home.path().to_str().expect("text"));
    for profile in ["deploy", "farther"] {
        let auth = password(&wharf, &[home, ("AWS_PROFILE", profile)]);
        wharf.client().as_(auth).repository("team/app").push_small(profile).await;
    }
    let failed = |profile: &str| {
        let output = call("get", &wharf.address().to_string(), &[home, ("AWS_PROFILE", profile)]);
        assert!(!output.status.success(), "{}", text(&output.stdout));
        text(&output.stdout)
    };
    let message = failed("stranger");
    let refused = "the registry gave no credentials of arn:aws:iam::000000000000:role/deploy: AccessDenied: ";
    assert!(message.starts_with(refused), "{message}");
    // The keys that the process prints are known, and are allowed no password.
    let message = failed("process");
    assert!(message.starts_with("the registry refused: AccessDeniedException: "), "{message}");
}

#[tokio::test]
async fn refusals_say_what_is_wrong_and_absence_is_anonymous() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let address = wharf.address().to_string();
    let failed = |action: &str, input: &str, variables: &[(&str, &str)]| {
        let output = call(action, input, variables);
        assert!(!output.status.success(), "{}", text(&output.stdout));
        text(&output.stdout)
    };
    let aws = wharf.aws();
    // Docker goes on without credentials when it reads just this.
    let none = "credentials not found in native keychain";
    assert_eq!(failed("get", &address, &[]), none);
    assert_eq!(failed("get", "https://index.docker.io/v1/", &keys(&aws)), none);
    let wrong = aws.with_key(&aws.access_key_id, "wrong");
    let message = failed("get", &address, &keys(&wrong));
    assert!(message.starts_with("the registry refused: InvalidSignatureException: "), "{message}");
    let message = failed("get", "127.0.0.1:1", &keys(&aws));
    assert!(message.starts_with("cannot reach 127.0.0.1:1: "), "{message}");
    let message = failed("store", r#"{"ServerURL":"x","Username":"u","Secret":"s"}"#, &[]);
    assert!(message.starts_with("nothing to store"), "{message}");
    assert!(failed("other", "", &[]).starts_with("usage: "));
    assert!(call("erase", &address, &[]).status.success());
    assert_eq!(text(&call("list", "", &[]).stdout), "{}");
}

#[tokio::test]
async fn a_client_that_knows_helpers_pulls_without_a_login() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let image = wharf.client().repository("team/app").push_small("tag").await;
    let crane = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin/crane");
    assert!(crane.is_file(), "this test needs crane: tools/install puts it into .tools/bin");
    let folder = installed();
    let address = wharf.address().to_string();
    let config = json!({ "credHelpers": { address.as_str(): "wharf" } });
    std::fs::write(folder.path().join("config.json"), config.to_string()).expect("a file");
    let aws = wharf.aws();
    let run = |variables: &[(&str, &str)]| {
        let mut command = Command::new(&crane);
        command
            .args(["digest", &format!("{address}/team/app:tag")])
            .env_clear()
            .env("PATH", folder.path())
            .env("DOCKER_CONFIG", folder.path())
            .envs(variables.iter().copied());
        finish(command, "")
    };
    let output = run(&keys(&aws));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), image.digest);
    assert!(!run(&[]).status.success(), "nobody may pull this anonymously");
}
