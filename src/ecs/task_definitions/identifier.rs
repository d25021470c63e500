//! How task definitions are named: `FAMILY`, `FAMILY:REVISION`, or an ARN that ends with either.

use types::RegistryId;

use crate::arns;
use crate::error::{Error, Result};

/// A family, perhaps with a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identifier<'t> {
    pub(crate) family: &'t str,
    /// None: the newest active one.
    pub(crate) revision: Option<u64>,
}

impl<'t> Identifier<'t> {
    /// Reads it. None if it can be none of this account and region.
    pub(crate) fn read(registry: &RegistryId, given: &'t str) -> Result<Option<Self>> {
        let name = if given.starts_with("arn:") {
            match arns::resource(registry, given).and_then(|resource| resource.strip_prefix("task-definition/")) {
                Some(name) => name,
                None => return Ok(None),
            }
        } else {
            given
        };
        let (family, revision) = match name.split_once(':') {
            Some((family, revision)) => (family, Some(number(revision)?)),
            None => (name, None),
        };
        Ok(arns::is_name(family).then_some(Self { family, revision }))
    }
}

fn number(text: &str) -> Result<u64> {
    // Beyond this a family cannot count.
    let number = text.parse().ok().filter(|number| (1..=i64::MAX as u64).contains(number));
    let shown: String = text.chars().take(64).collect();
    number.ok_or_else(|| Error::Client(format!("Invalid revision number. Number: {shown}")))
}

/// What the ARN of a revision ends with.
pub(crate) fn resource(family: &str, revision: u64) -> String {
    format!("task-definition/{family}:{revision}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_named_by_family_revision_or_arn() {
        let registry = RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        let read = |given| Identifier::read(&registry, given).unwrap();
        assert_eq!(read("web"), Some(Identifier { family: "web", revision: None }));
        assert_eq!(read("web:7"), Some(Identifier { family: "web", revision: Some(7) }));
        let arn = "arn:aws:ecs:us-east-1:000000000000:task-definition/web:7";
        assert_eq!(read(arn), Some(Identifier { family: "web", revision: Some(7) }));
        for other in [
            "",
            "a b",
            "arn:aws:ecs:us-east-2:000000000000:task-definition/web:7",
            "arn:aws:ecs:us-east-1:000000000000:service/web:7",
            "arn:aws:ecs:us-east-1:000000000000",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        for bad in ["web:", "web:0", "web:-1", "web:x", "web:1:2", "web:99999999999999999999"] {
            assert!(matches!(Identifier::read(&registry, bad), Err(Error::Client(_))), "{bad}");
        }
        match Identifier::read(&registry, "web:foo") {
            Err(Error::Client(message)) => assert_eq!(message, "Invalid revision number. Number: foo"),
            other => panic!("{other:?}"),
        }
    }
}
