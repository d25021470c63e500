//! What a call needs: actions on resources, and the condition keys that only the call's own input can answer.

use types::{AccountId, Arn, RegistryId, RepoName};

/// What a need is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// `*`, for actions that have no resource of their own.
    Any,
    /// A repository, whether or not it exists.
    Repository(RegistryId, RepoName),
    /// Anything else that has an ARN, with the account that owns it.
    Arn(AccountId, Arn),
}

impl Resource {
    /// As a policy names it.
    pub fn arn(&self) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::Repository(registry, name) => Arn::repository(registry, name).to_string(),
            Self::Arn(_, arn) => arn.to_string(),
        }
    }
}

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// As IAM spells it, `ecr:CreateRepository`.
    pub action: &'static str,
    /// On what.
    pub resource: Resource,
    /// Condition keys with their values, such as `aws:RequestTag/team`; those of every request are added elsewhere. One that
    /// is there more than once, in whatever case, has all the values.
    pub conditions: Vec<(String, Vec<String>)>,
    /// What a refusal calls the resource, where its ARN would tell more than the client knows.
    pub called: Option<String>,
}

impl Need {
    /// Without further condition keys.
    pub fn new(action: &'static str, resource: Resource) -> Self {
        Self { action, resource, conditions: Vec::new(), called: None }
    }

    /// With one more condition key.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, values: impl IntoIterator<Item = String>) -> Self {
        self.conditions.push((key.into(), values.into_iter().collect()));
        self
    }

    /// With what a refusal calls the resource.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        self.called = Some(name.to_owned());
        self
    }

    /// With the keys that tags in a request set: `aws:RequestTag/<key>` for each, and `aws:TagKeys`.
    #[must_use]
    pub fn with_request_tags<'t>(mut self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut keys = Vec::new();
        for (key, value) in tags {
            self.conditions.push((format!("aws:RequestTag/{key}"), vec![value.to_owned()]));
            keys.push(key.to_owned());
        }
        self.with_tag_keys(keys)
    }

    /// With `aws:TagKeys` alone, as requests that remove tags have it.
    #[must_use]
    pub fn with_tag_keys(self, keys: Vec<String>) -> Self {
        if keys.is_empty() { self } else { self.with("aws:TagKeys", keys) }
    }
}
