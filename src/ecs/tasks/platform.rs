//! Versions of the platform of Fargate. There is one platform here; what clients say of it is held to what there is on AWS.

use crate::error::{Error, Result};
use crate::task_definitions::Definition;

/// What `LATEST` means.
pub(crate) const LATEST: &str = "1.4.0";

/// Whether tasks of a launch type can have that version.
pub(crate) fn check(launch_type: &str, version: Option<&str>, definition: &Definition) -> Result<()> {
    let Some(version) = version.filter(|version| !version.is_empty()) else {
        return Ok(());
    };
    if launch_type != "FARGATE" {
        return Err(Error::InvalidParameter(format!(
            "The platform version must be null when specifying an {launch_type} launch type."
        )));
    }
    let minor = match version {
        "LATEST" | LATEST => return Ok(()),
        "1.3.0" => 3,
        "1.2.0" => 2,
        "1.1.0" => 1,
        "1.0.0" => 0,
        _ => return Err(Error::PlatformUnknown),
    };
    if minor < needed(definition) { Err(Error::PlatformIncompatible) } else { Ok(()) }
}

/// The first minor version that can do what a definition wants.
fn needed(definition: &Definition) -> u8 {
    let efs = definition.volumes.iter().any(|volume| volume.efs_volume_configuration.is_some());
    if efs || definition.ephemeral_storage.is_some() {
        return 4;
    }
    let ordered = definition.container_definitions.iter().any(|container| !container.dependencies().is_empty());
    if ordered { 3 } else { 0 }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_are_those_of_aws_and_do_what_they_did_there() {
        let container = json!({ "name": "a", "image": "a" });
        let read = |value| serde_json::from_value::<Definition>(value).unwrap();
        let plain = read(json!({ "containerDefinitions": [container] }));
        let large = read(json!({ "containerDefinitions": [container], "ephemeralStorage": { "sizeInGiB": 30 } }));
        for version in [None, Some(""), Some("LATEST"), Some("1.4.0"), Some("1.0.0")] {
            check("FARGATE", version, &plain).unwrap();
        }
        assert!(matches!(check("FARGATE", Some("2.0"), &plain), Err(Error::PlatformUnknown)));
        assert!(matches!(check("FARGATE", Some("1.3.0"), &large), Err(Error::PlatformIncompatible)));
        assert!(matches!(check("EC2", Some("LATEST"), &plain), Err(Error::InvalidParameter(_))));
        check("EC2", None, &large).unwrap();
    }
}
