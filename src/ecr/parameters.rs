//! Parameters that many operations have, checked in the words of ECR: clients send patterns and enums unchecked.

use app::api::Call;
use aws::invalid_parameter;
use types::{AccountId, RegistryId, RepoName};

use crate::error::Error;

/// The name of a repository. ECR's names have two characters at least; those that docker pushed may have one.
pub(crate) fn repository_name(text: &str) -> Result<RepoName, Error> {
    const PATTERN: &str = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*";
    let refused = |_| invalid_parameter("repositoryName", format!("must satisfy regular expression '{PATTERN}'"));
    text.parse().map_err(|error| refused(error).into())
}

/// The account that a call names, if it names one.
pub(crate) fn registry_id(text: Option<&str>) -> Result<Option<AccountId>, Error> {
    let refused = |_| invalid_parameter("registryId", "must satisfy regular expression '[0-9]{12}'");
    text.map(|text| text.parse().map_err(|error| refused(error).into())).transpose()
}

/// The registry and the repository that a call names.
pub(crate) fn repository(call: &Call, registry: Option<&str>, name: &str) -> Result<(RegistryId, RepoName), Error> {
    Ok((call.registry(registry_id(registry)?.as_ref()), repository_name(name)?))
}

/// Refuses a call about a registry that is not the caller's own, where the operation has no other.
pub(crate) fn own_registry(call: &Call, text: Option<&str>) -> Result<(), Error> {
    match registry_id(text)? {
        Some(account) if account != *call.account() => {
            Err(invalid_parameter("registryId", "must be the registry of the caller").into())
        }
        _ => Ok(()),
    }
}

/// `maxResults`, or how many ECR answers when it is not given.
pub(crate) fn limit(max_results: Option<i64>, most: i64) -> Result<usize, Error> {
    const DEFAULT: i64 = 100;
    let refused = |bound: &str, value| {
        Error::from(invalid_parameter("maxResults", format!("must have value {bound} than or equal to {value}")))
    };
    match max_results.unwrap_or(DEFAULT.min(most)) {
        value if value < 1 => Err(refused("greater", 1)),
        value if value > most => Err(refused("less", most)),
        value => Ok(usize::try_from(value).unwrap_or(1)),
    }
}
