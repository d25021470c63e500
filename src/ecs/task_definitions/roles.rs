//! The roles that a definition names: `iam:PassRole` is needed for each of them. Whether they exist is seen when
//! credentials are made for a task: definitions are often registered before their roles.

use aws::{Need, Resource};
use types::{AccountId, Arn, RegistryId};

use crate::error::{Error, Result};

/// Who a role that is named in a task definition is passed to.
const PASSED_TO: &str = "ecs-tasks.amazonaws.com";

/// The ARN of a role that is given by name or ARN.
pub(crate) fn arn(registry: &RegistryId, given: String) -> String {
    if given.starts_with("arn:") { given } else { format!("arn:aws:iam::{}:role/{given}", registry.account) }
}

/// Path and name of a role of this account; empty is no role.
fn parse<'t>(account: &AccountId, arn: &'t str) -> Option<(&'t str, &'t str)> {
    let rest = arn.strip_prefix("arn:aws:iam::")?.strip_prefix(account.as_str())?.strip_prefix(":role")?;
    let (path, name) = rest.split_at(rest.rfind('/')? + 1);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    let name = (1..=64).contains(&name.len()) && name.bytes().all(legal);
    let path_is_legal = path.len() <= 512 && path.bytes().all(|byte| byte.is_ascii_graphic());
    (name && path_is_legal).then(|| rest.split_at(path.len()))
}

/// What naming these roles needs. Fails if one cannot be a role of this account.
pub(crate) fn needs<'t>(registry: &RegistryId, named: impl IntoIterator<Item = Option<&'t str>>) -> Result<Vec<Need>> {
    let mut needs: Vec<Need> = Vec::new();
    for given in named.into_iter().flatten().filter(|given| !given.is_empty()) {
        let arn = arn(registry, given.to_owned());
        let (path, name) =
            parse(&registry.account, &arn).ok_or_else(|| Error::Client("Role is not valid.".to_owned()))?;
        let resource = Resource::Arn(registry.account.clone(), Arn::role(&registry.account, path, name));
        let need = Need::new("iam:PassRole", resource).with("iam:PassedToService", [PASSED_TO.to_owned()]);
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    Ok(needs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> RegistryId {
        RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() }
    }

    #[test]
    fn each_role_that_is_named_must_be_passed() {
        let needs =
            needs(&registry(), [Some("app"), None, Some("arn:aws:iam::000000000000:role/a/b/exec"), Some("app")])
                .unwrap();
        let arns: Vec<String> = needs.iter().map(|need| need.resource.arn()).collect();
        assert_eq!(arns, ["arn:aws:iam::000000000000:role/app", "arn:aws:iam::000000000000:role/a/b/exec"]);
        assert!(needs.iter().all(|need| need.action == "iam:PassRole"));
        let passed_to = ("iam:PassedToService".to_owned(), vec![PASSED_TO.to_owned()]);
        assert!(needs.iter().all(|need| need.conditions == [passed_to.clone()]));
    }

    #[test]
    fn what_is_no_role_of_the_account_is_refused() {
        for bad in [
            "arn:aws:iam::111111111111:role/app",
            "arn:aws:iam::000000000000:user/app",
            "arn:aws:iam::000000000000:role/",
            "arn:aws:iam::000000000000:role",
            "arn:aws:iam::000000000000:rolex",
            "a b",
            "é",
            "x/",
        ] {
            assert!(matches!(needs(&registry(), [Some(bad)]), Err(Error::Client(_))), "{bad}");
        }
    }
}
