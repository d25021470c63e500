//! How parameters are named: by a name, perhaps with a version behind a colon, or by an ARN. The ARN of a parameter has its
//! name behind `parameter`, and one slash between them whether or not the name begins with one.

use app::api::Call;
use aws::{Need, Resource, Violations};
use store::Conn;
use store::parameter_versions::ParameterVersionRow;
use store::parameters::{self, ParameterRow};
use types::{AccountId, Arn, Region, RegistryId};

use super::failures;
use crate::error::Error;

/// How many parts a name can have.
const MOST_LEVELS: usize = 15;

/// A parameter as a client names it.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    registry: RegistryId,
    given: String,
    name: String,
    /// Another name of the same ARN.
    or: Option<String>,
    /// Behind the colon.
    selector: Option<String>,
}

impl Name {
    /// Reads `Name`, or one of `Names`.
    pub(crate) fn read(call: &Call, given: &str) -> Result<Self, Error> {
        let mut violations = Violations::new();
        violations.length("name", given, 1..=2048);
        violations.finish()?;
        let split = |text: &str| match text.split_once(':') {
            Some((name, selector)) => (name.to_owned(), Some(selector.to_owned())),
            None => (text.to_owned(), None),
        };
        let registry = call.ctx.registry.clone();
        let Some(rest) = given.strip_prefix("arn:") else {
            let (name, selector) = split(given);
            return Ok(Self { registry, given: given.to_owned(), name, or: None, selector });
        };
        let read = || {
            let mut parts = rest.splitn(5, ':');
            let ("aws", "ssm") = (parts.next()?, parts.next()?) else {
                return None;
            };
            let (region, account) = (parts.next()?, parts.next()?);
            let registry =
                RegistryId { account: account.parse::<AccountId>().ok()?, region: region.parse::<Region>().ok()? };
            let name = parts.next()?.strip_prefix("parameter/").filter(|name| !name.is_empty())?;
            Some((registry, split(name)))
        };
        let (registry, (name, selector)) =
            read().ok_or_else(|| failures::invalid(format!("Invalid parameter ARN: {given}")))?;
        let rooted = format!("/{name}");
        let (name, or) = if name.contains('/') { (rooted, None) } else { (name, Some(rooted)) };
        Ok(Self { registry, given: given.to_owned(), name, or, selector })
    }

    /// What a call needs that is about it.
    pub(crate) fn need(&self, action: &'static str) -> Need {
        Need::new(action, Resource::Arn(self.registry.account.clone(), arn(&self.registry, &self.name)))
    }

    /// As the client said it.
    pub(crate) fn given(&self) -> &str {
        &self.given
    }

    /// The name without what stands behind the colon.
    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }

    /// What stands behind the colon.
    pub(crate) fn selector(&self) -> Option<&str> {
        self.selector.as_deref()
    }

    /// The parameter with its newest version. Those of other accounts and regions are not found.
    pub(crate) async fn find(
        &self,
        call: &Call,
        conn: &mut Conn,
    ) -> Result<Option<(ParameterRow, ParameterVersionRow)>, Error> {
        if self.registry != call.ctx.registry {
            return Ok(None);
        }
        let found = parameters::find(conn, &self.registry, &self.name).await?;
        match &self.or {
            Some(or) if found.is_none() => Ok(parameters::find(conn, &self.registry, or).await?),
            _ => Ok(found),
        }
    }
}

/// The other name that has the same ARN, if there is one. Policies know a parameter by its ARN, and its tags by that, so
/// there is no parameter beside one of this name.
pub(crate) fn twin(name: &str) -> Option<String> {
    match name.strip_prefix('/') {
        Some(rest) => (!rest.contains('/')).then(|| rest.to_owned()),
        None => Some(format!("/{name}")),
    }
}

/// The ARN of a parameter.
pub(crate) fn arn(registry: &RegistryId, name: &str) -> Arn {
    Arn::of("ssm", registry, &format!("parameter/{}", name.strip_prefix('/').unwrap_or(name)))
}

/// Checks the name of a parameter that is to be made.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    let parts: Vec<&str> = name.strip_prefix('/').unwrap_or(name).split('/').collect();
    if parts.len() > 1 && !name.starts_with('/') {
        return Err(failures::invalid("Parameter name must be a fully qualified name."));
    }
    if parts.len() > MOST_LEVELS {
        return Err(failures::too_deep());
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let well_formed = |part: &&str| !part.is_empty() && part.bytes().all(legal);
    let first = parts[0].to_ascii_lowercase();
    for reserved in ["ssm", "aws"] {
        if first.starts_with(reserved) {
            return Err(failures::invalid(format!("Parameter name: can't be prefixed with \"{reserved}\" ({FORM}")));
        }
    }
    if name.len() > 1011 || !parts.iter().all(well_formed) {
        return Err(failures::invalid(format!("Parameter name: can't be prefixed with \"ssm\" ({FORM}")));
    }
    Ok(())
}

const FORM: &str = "case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path \
                    can be formed as a mix of letters, numbers and the following 3 symbols .-_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        let deep = "/a".repeat(MOST_LEVELS);
        for name in ["a", "/a", "/a/b.c-d_E", &deep, "my.ssm"] {
            assert!(check(name).is_ok(), "{name}");
        }
        let deeper = format!("{deep}/a");
        for name in ["", "/", "a/b", "/a/", "/a//b", "ssm", "/SSM-x/y", "awsome", "/aws/x", "a b", "a:1", "ä", &deeper]
        {
            assert!(check(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_name_at_the_top_has_a_twin() {
        assert_eq!((twin("a").as_deref(), twin("/a").as_deref(), twin("/a/b")), (Some("/a"), Some("a"), None));
    }

    #[test]
    fn an_arn_has_one_slash_before_the_name() {
        let registry = RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        for (name, wanted) in [("a", "a"), ("/a", "a"), ("/a/b", "a/b")] {
            assert_eq!(arn(&registry, name).as_str(), format!("arn:aws:ssm:us-east-1:000000000000:parameter/{wanted}"));
        }
    }
}
