//! What an operator does with `wharf admin` beside a running server: users, keys, policies, repositories. The server learns of
//! it by itself and within seconds; [`within_5_s`] waits for that and says how long it took. [`Wharf::catch_up`] is for tests
//! of something else.

use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use super::client::Auth;
use super::program::Finished;
use super::server::Wharf;
use super::sigv4::Unsigned;

/// How long a server may take to obey a change of users, keys or policies.
const LIMIT: Duration = Duration::from_secs(5);

/// Slow enough that logins that fail until the server has caught up do not reach the throttle.
const PAUSE: Duration = Duration::from_millis(600);

/// A user that an operator created, with the access key that was shown once.
#[derive(Clone, Debug)]
pub struct User {
    /// The name.
    pub name: String,
    /// The id of the access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret: String,
}

impl User {
    /// From what the program printed when it made the access key.
    #[track_caller]
    pub fn printed(name: &str, output: &str) -> Self {
        let field = |label: &str| {
            let line = output.lines().find_map(|line| line.strip_prefix(label));
            line.unwrap_or_else(|| panic!("no {label:?} in {output}")).trim().to_owned()
        };
        Self { name: name.to_owned(), access_key_id: field("access key id:"), secret: field("secret access key:") }
    }

    /// The access key as credentials of every request.
    pub fn auth(&self) -> Auth {
        Auth::basic(&self.access_key_id, &self.secret)
    }
}

impl Wharf {
    /// Runs `wharf admin`, whatever comes of it.
    pub fn admin(&self, arguments: &[&str]) -> Finished {
        let all: Vec<&str> = std::iter::once("admin").chain(arguments.iter().copied()).collect();
        self.run(&all)
    }

    /// Runs `wharf admin`, which must succeed, and gives what it printed.
    #[track_caller]
    pub fn admin_must(&self, arguments: &[&str]) -> String {
        let finished = self.admin(arguments);
        assert!(finished.status.success(), "wharf admin {arguments:?}: {}{}", finished.stdout, finished.stderr);
        finished.stdout
    }

    /// Creates a user with this identity policy. The server may not know it yet: see [`Wharf::know`].
    #[track_caller]
    pub fn create_user(&self, name: &str, policy: &Value) -> User {
        self.create_user_with(name, policy, &[])
    }

    /// [`Self::create_user`] with further settings of the command, such as another account.
    #[track_caller]
    pub fn create_user_with(&self, name: &str, policy: &Value, further: &[(&str, &str)]) -> User {
        let finished =
            with_document(policy, |path| self.run_with(&["admin", "create-user", name, "--policy", path], further));
        assert!(finished.status.success(), "wharf admin create-user: {}{}", finished.stdout, finished.stderr);
        User::printed(name, &finished.stdout)
    }

    /// Waits until the server lets a user in, and with it everybody who was created earlier.
    pub async fn know(&self, user: &User) {
        let client = self.client().as_(user.auth());
        // Longer than the throttle answers 429 after ten questions that came too early.
        within(90, "the new user", async || client.get("/v2/").send().await.status() == 200).await;
    }

    /// Has this server know what an operator has done beside it so far, such as webhooks: it reads all of that before it
    /// answers a change of users and groups, and would else have done so within about a second.
    pub async fn catch_up(&self) {
        let name = format!("group-{}", Uuid::new_v4().simple());
        let change = Unsigned::query("iam", "CreateGroup", &[("GroupName", &name)]);
        change.sign(&self.aws()).send(&self.url()).await.expect(200);
    }

    /// Creates a user and waits until the server lets it in.
    pub async fn known_user(&self, name: &str, policy: &Value) -> User {
        let user = self.create_user(name, policy);
        self.know(&user).await;
        user
    }

    /// Replaces the identity policy of a user.
    #[track_caller]
    pub fn set_user_policy(&self, name: &str, policy: &Value) {
        with_document(policy, |path| self.admin_must(&["set-user-policy", name, "--policy", path]));
    }

    /// A password for the user name `AWS`, which stands for an access key.
    #[track_caller]
    pub fn login_password(&self, access_key_id: &str) -> String {
        self.admin_must(&["login-password", access_key_id]).trim().to_owned()
    }

    /// Sets the policy of a repository.
    #[track_caller]
    pub fn set_repository_policy(&self, name: &str, policy: &Value) {
        with_document(policy, |path| self.admin_must(&["set-repository-policy", name, "--policy", path]));
    }

    /// Creates a repository with a tag mutability and its filters.
    #[track_caller]
    pub fn create_repository(&self, name: &str, mutability: &str, filters: &[&str]) {
        let mut arguments = vec!["create-repository", name, "--tag-mutability", mutability];
        arguments.extend(filters.iter().flat_map(|filter| ["--tag-filter", *filter]));
        self.admin_must(&arguments);
    }

    /// Changes the tag mutability of a repository.
    #[track_caller]
    pub fn set_tag_mutability(&self, name: &str, mutability: &str, filters: &[&str]) {
        let mut arguments = vec!["set-tag-mutability", name, mutability];
        arguments.extend(filters.iter().flat_map(|filter| ["--tag-filter", *filter]));
        self.admin_must(&arguments);
    }
}

/// Asks until the answer is yes, and fails the test when it is not within the five seconds that a server has to obey. They
/// are counted in answers as well: a server that a busy machine lets stand still for a while does not answer either.
pub async fn within_5_s(what: &str, asked: impl AsyncFnMut() -> bool) -> Duration {
    let answers = LIMIT.as_millis().div_ceil(PAUSE.as_millis()) + 1;
    until(LIMIT, answers, what, asked).await
}

/// Asks until the answer is yes, and fails the test when it is not within so many seconds: for background work, on a busy
/// machine.
pub async fn within(seconds: u64, what: &str, asked: impl AsyncFnMut() -> bool) -> Duration {
    until(Duration::from_secs(seconds), 1, what, asked).await
}

/// Asks until the answer is yes, for so long and so often at least.
async fn until(limit: Duration, often: u128, what: &str, mut asked: impl AsyncFnMut() -> bool) -> Duration {
    let begin = Instant::now();
    let mut answers = 0;
    loop {
        // An answer is as old as its question: what is asked after the limit counts, however late that is.
        let late = begin.elapsed() >= limit;
        if asked().await {
            return begin.elapsed();
        }
        answers += 1;
        assert!(!late || answers < often, "{what}: not so within {limit:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Documents go by a file, as operators pass them.
fn with_document<T>(document: &Value, run: impl FnOnce(&str) -> T) -> T {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), document.to_string()).expect("a temporary file can be written");
    run(file.path().to_str().expect("temporary paths are text"))
}
