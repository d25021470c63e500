//! A model of authorization that is small enough to be read: rules in the order of their writing, and whether they let an action
//! through. The documents that the server is given are written from the same rules; nothing else is shared with it.

use serde_json::{Value, json};

/// The account and region of servers under test.
pub const ACCOUNT: &str = "000000000000";
const REGION: &str = "us-east-1";

/// The push policy of ECR's guide.
pub const PUSH: &[&str] = &[
    "ecr:CompleteLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:InitiateLayerUpload",
    "ecr:BatchCheckLayerAvailability",
    "ecr:PutImage",
    "ecr:BatchGetImage",
];

/// The pull policy of ECR's guide.
pub const PULL: &[&str] = &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/// Everything that ECR has.
pub const EVERYTHING: &[&str] = &["ecr:*"];

/// One statement.
#[derive(Clone, Debug)]
pub struct Rule {
    deny: bool,
    actions: &'static [&'static str],
    /// A repository name, or the beginning of one and `*`. The rules of a repository itself do not look at it.
    on: &'static str,
}

/// Allows actions on repositories.
pub const fn allow(actions: &'static [&'static str], on: &'static str) -> Rule {
    Rule { deny: false, actions, on }
}

/// Denies actions on repositories.
pub const fn deny(actions: &'static [&'static str], on: &'static str) -> Rule {
    Rule { deny: true, actions, on }
}

impl Rule {
    fn covers(&self, action: &str, repository: &str) -> bool {
        let acts = self.actions.iter().any(|known| *known == "ecr:*" || *known == action);
        let here = match self.on.strip_suffix('*') {
            Some(start) => repository.starts_with(start),
            None => repository == self.on,
        };
        acts && here
    }

    fn effect(&self) -> &'static str {
        if self.deny { "Deny" } else { "Allow" }
    }
}

/// What comes of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A rule allows it, or it is root that asks, and none denies it.
    Allowed,
    /// No rule allows it.
    NotAllowed,
    /// A rule of the caller's own denies it.
    DeniedByIdentity,
    /// A rule of the repository denies it.
    DeniedByRepository,
}

/// Who asks, as far as rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The owner of the account.
    Root,
    /// A user of the account.
    User,
    /// Nobody in particular.
    Anonymous,
    /// Somebody whose access key was turned off.
    Disabled,
}

/// An explicit denial wins; root may do everything else; one permission is enough for the others.
pub fn judge(standing: Standing, own: &[Rule], of_repository: &[Rule], action: &str, repository: &str) -> Verdict {
    let covers = |rules: &[Rule], deny| rules.iter().any(|rule| rule.deny == deny && rule.covers(action, repository));
    if covers(of_repository, true) {
        return Verdict::DeniedByRepository;
    }
    if covers(own, true) {
        return Verdict::DeniedByIdentity;
    }
    match standing == Standing::Root || covers(own, false) || covers(of_repository, false) {
        true => Verdict::Allowed,
        false => Verdict::NotAllowed,
    }
}

/// The text of a refusal, as AWS words it.
pub fn refusal(verdict: Verdict, who: &str, action: &str, repository: &str) -> String {
    let why = match verdict {
        Verdict::Allowed => unreachable!("an allowed request is not refused"),
        Verdict::NotAllowed => format!("because no identity-based policy allows the {action} action"),
        Verdict::DeniedByIdentity => "with an explicit deny in an identity-based policy".to_owned(),
        Verdict::DeniedByRepository => "with an explicit deny in a resource-based policy".to_owned(),
    };
    format!("User: {who} is not authorized to perform: {action} on resource: {} {why}", repository_arn(repository))
}

/// The ARN of a repository, or of all that a pattern stands for.
pub fn repository_arn(name: &str) -> String {
    format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}")
}

/// The ARN of a user.
pub fn user_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

/// The rules of a user as a policy document. Everybody may log in, as in ECR's guide; that alone opens nothing.
pub fn identity_policy(rules: &[Rule]) -> Value {
    let login = json!({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"});
    let statement =
        |rule: &Rule| json!({"Effect": rule.effect(), "Action": rule.actions, "Resource": repository_arn(rule.on)});
    let statements: Vec<Value> = std::iter::once(login).chain(rules.iter().map(statement)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The rules of a repository as a policy document, for everybody.
pub fn repository_policy(rules: &[Rule]) -> Value {
    let statement = |rule: &Rule| json!({"Effect": rule.effect(), "Principal": "*", "Action": rule.actions});
    json!({"Version": "2012-10-17", "Statement": rules.iter().map(statement).collect::<Vec<_>>()})
}
