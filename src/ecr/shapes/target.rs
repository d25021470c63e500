//! The repository that an input names by `registryId` and `repositoryName`.

use app::api::Call;
use app::{Action, Grant, Permit};
use aws::{Need, Resource, invalid_parameter};
use types::{AccountId, RegistryId, RepoName};

use crate::error::Error;

/// A repository, whether or not it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) registry: RegistryId,
    pub(crate) name: RepoName,
}

impl Target {
    /// Reads both members. The caller's own registry is meant if none is named.
    pub(crate) fn read(call: &Call, registry_id: Option<&str>, name: &str) -> Result<Self, Error> {
        let name = repository_name("repositoryName", name)?;
        Self::in_registry(call, registry(call, registry_id)?, name)
    }

    /// A repository in a registry. One of an account that does not exist is refused as AWS refuses it, whatever policies
    /// say: nothing can be in it.
    pub(crate) fn in_registry(call: &Call, registry: RegistryId, name: RepoName) -> Result<Self, Error> {
        if !call.ctx.app.snapshot().has_account(&registry.account) {
            return Err(app::Error::RepositoryUnknown { registry, repository: name }.into());
        }
        Ok(Self { registry, name })
    }

    /// The need of an action on it.
    pub(crate) fn need(&self, action: Action) -> Need {
        Need::new(action.as_str(), Resource::Repository(self.registry.clone(), self.name.clone()))
    }

    /// What the grant of a call says about it.
    pub(crate) fn permit(&self, grant: &Grant) -> Permit {
        grant.permit(&self.registry, &self.name)
    }

    /// `registryId` of answers.
    pub(crate) fn registry_id(&self) -> String {
        self.registry.account.to_string()
    }

    /// `repositoryName` of answers.
    pub(crate) fn repository_name(&self) -> String {
        self.name.to_string()
    }
}

/// The registry that an input names, in the region of the call; the caller's own if it names none.
pub(crate) fn registry(call: &Call, registry_id: Option<&str>) -> Result<RegistryId, Error> {
    let Some(id) = registry_id else {
        return Ok(call.registry(None));
    };
    let account: AccountId =
        id.parse().map_err(|_| invalid_parameter("registryId", "must satisfy regular expression '[0-9]{12}'"))?;
    Ok(call.registry(Some(&account)))
}

/// A repository name. ECR's begin at two characters; a repository of one may have come by a push.
pub(crate) fn repository_name(member: &str, text: &str) -> Result<RepoName, Error> {
    const PATTERN: &str = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*";
    if text.is_empty() {
        return Err(invalid_parameter(member, "must have length greater than or equal to 2").into());
    }
    if text.len() > RepoName::MAX_LENGTH {
        let longest = format!("must have length less than or equal to {}", RepoName::MAX_LENGTH);
        return Err(invalid_parameter(member, longest).into());
    }
    text.parse()
        .map_err(|_| invalid_parameter(member, format!("must satisfy regular expression '{PATTERN}'")).into())
}
