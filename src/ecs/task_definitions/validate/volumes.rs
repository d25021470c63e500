//! Volumes of a task and what containers mount of them.

use super::super::definition::{Definition, Volume};
use super::{one_of, refuse, refuse_setting, repeated};
use crate::arns;
use crate::error::Result;

pub(super) fn check(definition: &Definition) -> Result<()> {
    for volume in &definition.volumes {
        check_volume(volume)?;
    }
    if let Some(name) = repeated(definition.volumes.iter().map(|volume| volume.name.as_str())) {
        return refuse(format!("Volume names must be unique. '{name}' is used more than once."));
    }
    for container in &definition.container_definitions {
        for mount in &container.mount_points {
            if !definition.volumes.iter().any(|volume| volume.name == mount.source_volume) {
                return refuse(format!("Unknown volume '{}'.", mount.source_volume));
            }
            if !is_absolute(&mount.container_path) {
                return refuse_setting(&container.name, "'mountPoints' must have an absolute containerPath.");
            }
        }
        if let Some(path) = repeated(container.mount_points.iter().map(|mount| mount.container_path.as_str())) {
            return refuse_setting(&container.name, &format!("Duplicate mount point '{path}'."));
        }
    }
    Ok(())
}

fn is_absolute(path: &str) -> bool {
    // A drive letter is a path of Windows.
    let drive = path.as_bytes().get(1) == Some(&b':');
    (path.starts_with('/') || drive) && !path.contains('\0')
}

fn check_volume(volume: &Volume) -> Result<()> {
    let name = volume.name.as_str();
    if !arns::is_name(name) {
        return refuse("Volume names must have 1 to 255 letters, digits, hyphens and underscores.");
    }
    let kinds = [
        volume.host.is_some(),
        volume.docker_volume_configuration.is_some(),
        volume.efs_volume_configuration.is_some(),
        volume.fsx_windows_file_server_volume_configuration.is_some(),
        volume.s3_files_volume_configuration.is_some(),
        volume.configured_at_launch == Some(true),
    ];
    if kinds.into_iter().filter(|given| *given).count() > 1 {
        return refuse(format!("Volume '{name}' can have one configuration only."));
    }
    let source = volume.host.as_ref().and_then(|host| host.source_path.as_deref());
    if source.is_some_and(|path| !path.is_empty() && !is_absolute(path)) {
        return refuse(format!("The sourcePath of volume '{name}' must be absolute."));
    }
    if let Some(docker) = &volume.docker_volume_configuration {
        one_of("dockerVolumeConfiguration.scope", docker.scope.as_deref(), &["task", "shared"])?;
        if docker.autoprovision.is_some() && docker.scope.as_deref() != Some("shared") {
            return refuse(format!("Volume '{name}' can have autoprovision only with scope shared."));
        }
    }
    if let Some(efs) = &volume.efs_volume_configuration {
        if efs.file_system_id.is_empty() {
            return refuse(format!("The fileSystemId of volume '{name}' should not be null or empty."));
        }
        one_of(
            "efsVolumeConfiguration.transitEncryption",
            efs.transit_encryption.as_deref(),
            &["ENABLED", "DISABLED"],
        )?;
        let authorization = efs.authorization_config.as_ref();
        let iam = authorization.and_then(|authorization| authorization.iam.as_deref());
        one_of("efsVolumeConfiguration.authorizationConfig.iam", iam, &["ENABLED", "DISABLED"])?;
    }
    Ok(())
}
