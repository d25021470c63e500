//! Further accounts on a server under test, as an operator makes them with `wharf account`.

use serde_json::Value;

use super::admin::{User, within};
use super::aws::Aws;
use super::client::{Auth, Call, Client};
use super::server::Wharf;

/// An account beside that of the server.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its root, called by its access key.
    pub root: User,
}

impl Wharf {
    /// Creates an account and waits until the server lets its root in.
    pub async fn account(&self, id: &str) -> Account {
        let finished = self.run(&["account", "create", id]);
        assert!(finished.status.success(), "wharf account create {id}: {}{}", finished.stdout, finished.stderr);
        let account = Account { id: id.to_owned(), root: User::printed("root", &finished.stdout) };
        let client = self.client().as_(account.auth());
        within(90, "the new account", async || client.get("/v2/").send().await.status() == 200).await;
        account
    }

    /// Creates a user of an account, and waits until the server lets it in.
    pub async fn user_of(&self, account: &Account, name: &str, policy: &Value) -> User {
        let user = self.create_user_with(name, policy, &[("WHARF_ACCOUNT_ID", &account.id)]);
        self.know(&user).await;
        user
    }
}

impl Account {
    /// Its root's credentials for every request of the registry protocol.
    pub fn auth(&self) -> Auth {
        self.root.auth()
    }

    /// Its root as an AWS client.
    pub fn aws(&self, wharf: &Wharf) -> Aws {
        wharf.aws().as_user(&self.root)
    }

    /// The host by which clients call its registry.
    pub fn host(&self) -> String {
        format!("{}.dkr.ecr.us-east-1.example.com", self.id)
    }

    /// A request to its registry.
    pub fn get(&self, client: &Client, path: &str) -> Call {
        client.get(path).header("host", self.host())
    }
}
