//! What the kernel is asked for: capabilities, devices, memory file systems, swap and parameters.

use super::super::container::ContainerDefinition;
use super::super::definition::{Definition, NetworkMode};
use super::{MOST_MEMORY, one_of, refuse_setting, repeated};
use crate::error::Result;

const CAPABILITIES: &[&str] = &[
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "SYSLOG",
    "WAKE_ALARM",
];

const MOUNT_OPTIONS: &[&str] = &[
    "defaults",
    "ro",
    "rw",
    "suid",
    "nosuid",
    "dev",
    "nodev",
    "exec",
    "noexec",
    "sync",
    "async",
    "dirsync",
    "remount",
    "mand",
    "nomand",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "bind",
    "rbind",
    "unbindable",
    "runbindable",
    "private",
    "rprivate",
    "shared",
    "rshared",
    "slave",
    "rslave",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "mode",
    "uid",
    "gid",
    "nr_inodes",
    "nr_blocks",
    "mpol",
];

/// Parameters of the kernel that belong to a network, and to what processes share.
const NETWORK_PARAMETERS: &str = "net.";
const IPC_PARAMETERS: &[&str] = &[
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
    "fs.mqueue.",
];

pub(super) fn check(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    check_controls(definition, container)?;
    let Some(linux) = &container.linux_parameters else {
        return Ok(());
    };
    let name = &container.name;
    if let Some(capabilities) = &linux.capabilities {
        for capability in capabilities.add.iter().chain(&capabilities.drop) {
            one_of("linuxParameters.capabilities", Some(capability), CAPABILITIES)?;
        }
    }
    for device in &linux.devices {
        if !device.host_path.starts_with('/') {
            return refuse_setting(name, "'linuxParameters.devices' must have an absolute hostPath.");
        }
        for permission in &device.permissions {
            one_of("linuxParameters.devices.permissions", Some(permission), &["read", "write", "mknod"])?;
        }
    }
    for tmpfs in &linux.tmpfs {
        if !tmpfs.container_path.starts_with('/') {
            return refuse_setting(name, "'linuxParameters.tmpfs' must have an absolute containerPath.");
        }
        if !(1..=MOST_MEMORY).contains(&tmpfs.size) {
            return refuse_setting(name, "The size of a tmpfs must be greater than 0.");
        }
        for option in &tmpfs.mount_options {
            // Some have a value, as mode=1777.
            let word = option.split_once('=').map_or(option.as_str(), |(word, _)| word);
            one_of("linuxParameters.tmpfs.mountOptions", Some(word), MOUNT_OPTIONS)?;
        }
    }
    if let Some(path) = repeated(linux.tmpfs.iter().map(|tmpfs| tmpfs.container_path.as_str())) {
        return refuse_setting(name, &format!("Duplicate tmpfs path '{path}'."));
    }
    if linux.shared_memory_size.is_some_and(|size| !(1..=MOST_MEMORY).contains(&size)) {
        return refuse_setting(name, "'linuxParameters.sharedMemorySize' must be greater than 0.");
    }
    if linux.max_swap.is_some_and(|size| !(0..=MOST_MEMORY).contains(&size)) {
        return refuse_setting(name, "'linuxParameters.maxSwap' must be 0 or a positive number.");
    }
    if linux.swappiness.is_some_and(|swappiness| !(0..=100).contains(&swappiness)) {
        return refuse_setting(name, "'linuxParameters.swappiness' must be between 0 and 100.");
    }
    Ok(())
}

fn check_controls(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    let name = &container.name;
    for control in &container.system_controls {
        let namespace = control.namespace.as_str();
        if namespace.starts_with(NETWORK_PARAMETERS) {
            if definition.network_mode() == NetworkMode::Host {
                return refuse_setting(
                    name,
                    "'systemControls' of the network are not supported when networkMode=host.",
                );
            }
        } else if IPC_PARAMETERS.iter().any(|known| namespace.starts_with(known)) {
            if definition.ipc_mode.as_deref() == Some("host") {
                return refuse_setting(name, "'systemControls' of IPC are not supported when ipcMode=host.");
            }
        } else {
            return refuse_setting(name, "'systemControls' must be parameters of the network or of IPC.");
        }
    }
    Ok(())
}
