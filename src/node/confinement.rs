//! What a host that confines its tasks refuses: whatever would give a container something of the host itself. Who may run
//! tasks is then not who may do everything on the host.
//!
//! The engine's own words are looked at, after everything was put together, so that it does not matter where it came from.

use serde_json::{Map, Value};

use crate::engine::VolumeSpec;

/// The attribute by which a control plane places privileged containers; a host that confines its tasks does not have it.
pub(crate) const PRIVILEGED: &str = "com.amazonaws.ecs.capability.privileged-container";

/// The capabilities that a container has anyhow. Others are powers over the host.
const USUAL: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Refuses a volume that is a part of the host under another name: the engine's own driver mounts any device or folder.
pub(crate) fn volume(volume: &VolumeSpec) -> Result<(), String> {
    match volume.options.get("device") {
        Some(device) => Err(refusal(&format!("volume of '{device}'"))),
        None => Ok(()),
    }
}

/// Refuses a container, given as the engine is told, that asks for something of the host.
pub(crate) fn container(body: &Value) -> Result<(), String> {
    match body.get("HostConfig").and_then(Value::as_object).and_then(asked) {
        Some(what) => Err(refusal(&what)),
        None => Ok(()),
    }
}

fn refusal(what: &str) -> String {
    format!("this host confines its tasks, and gives them no {what}")
}

/// What of the host it asks for first.
fn asked(host: &Map<String, Value>) -> Option<String> {
    if host.get("Privileged").and_then(Value::as_bool) == Some(true) {
        return Some("privileges".to_owned());
    }
    for (key, what) in
        [("Devices", "devices"), ("DeviceRequests", "devices"), ("DeviceCgroupRules", "devices"), ("Mounts", "mounts")]
    {
        if host.get(key).and_then(Value::as_array).is_some_and(|given| !given.is_empty()) {
            return Some(what.to_owned());
        }
    }
    for (key, what) in [
        ("NetworkMode", "network of the host"),
        ("PidMode", "processes of the host"),
        ("IpcMode", "memory of the host"),
        ("UTSMode", "name of the host"),
        ("UsernsMode", "users of the host"),
        ("CgroupnsMode", "control groups of the host"),
    ] {
        if text(host, key) == Some("host") {
            return Some(what.to_owned());
        }
    }
    if let Some(parent) = text(host, "CgroupParent").filter(|parent| !parent.is_empty()) {
        return Some(format!("control group '{parent}'"));
    }
    let usual = |name: &&str| USUAL.contains(&name.to_uppercase().trim_start_matches("CAP_"));
    if let Some(capability) = texts(host, "CapAdd").find(|name| !usual(name)) {
        return Some(format!("capability '{capability}'"));
    }
    if let Some(option) = texts(host, "SecurityOpt").find(|option| !option.starts_with("no-new-privileges")) {
        return Some(format!("security option '{option}'"));
    }
    if let Some(folder) = texts(host, "Binds").find(|bind| bind.starts_with('/')) {
        let source = folder.split(':').next().unwrap_or(folder);
        return Some(format!("folder of the host, such as '{source}'"));
    }
    let options = host.get("LogConfig").and_then(|log| log.get("Config")).and_then(Value::as_object);
    let mut addresses = options.into_iter().flat_map(Map::values).filter_map(Value::as_str);
    let socket = addresses.find(|address| address.to_lowercase().starts_with("unix"))?;
    Some(format!("socket of the host, such as '{socket}'"))
}

fn text<'a>(host: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    host.get(key).and_then(Value::as_str)
}

fn texts<'a>(host: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a str> {
    host.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_of_the_host_is_refused_by_its_name() {
        for (asked, what) in [
            (json!({"Privileged": true}), "privileges"),
            (json!({"Devices": [{"PathOnHost": "/dev/sda"}]}), "devices"),
            (json!({"DeviceRequests": [{"Count": -1}]}), "devices"),
            (json!({"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]}), "mounts"),
            (json!({"NetworkMode": "host"}), "network of the host"),
            (json!({"PidMode": "host"}), "processes of the host"),
            (json!({"IpcMode": "host"}), "memory of the host"),
            (json!({"CgroupParent": "/"}), "control group '/'"),
            (json!({"CapAdd": ["CHOWN", "cap_sys_admin"]}), "capability 'cap_sys_admin'"),
            (json!({"CapAdd": ["ALL"]}), "capability 'ALL'"),
            (
                json!({"SecurityOpt": ["no-new-privileges", "seccomp=unconfined"]}),
                "security option 'seccomp=unconfined'",
            ),
            (json!({"Binds": ["scratch:/a", "/var/run:/b:ro"]}), "folder of the host, such as '/var/run'"),
            (
                json!({"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "unixgram:///dev/log"}}}),
                "socket of the host, such as 'unixgram:///dev/log'",
            ),
        ] {
            let refused = container(&json!({ "HostConfig": asked })).unwrap_err();
            assert_eq!(refused, format!("this host confines its tasks, and gives them no {what}"));
        }
        let options = [("type", "none"), ("o", "bind"), ("device", "/etc")];
        let options = options.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let folder = VolumeSpec { name: "v".to_owned(), driver: "local".to_owned(), options, labels: [].into() };
        assert!(volume(&folder).unwrap_err().ends_with("no volume of '/etc'"));
    }

    #[test]
    fn what_is_of_the_task_is_given() {
        let ordinary = json!({
            "Privileged": false, "Devices": [], "NetworkMode": "bridge", "PidMode": "container:a", "IpcMode": "shareable",
            "CapAdd": ["CAP_NET_BIND_SERVICE", "kill"], "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"],
            "Binds": ["scratch:/a"], "LogConfig": {"Type": "syslog", "Config": {"syslog-address": "tcp://10.0.0.1:514"}},
        });
        assert_eq!(container(&json!({ "HostConfig": ordinary })), Ok(()));
        assert_eq!(container(&json!({})), Ok(()));
        let options = [("type".to_owned(), "tmpfs".to_owned())].into();
        let scratch = VolumeSpec { name: "v".to_owned(), driver: "local".to_owned(), options, labels: [].into() };
        assert_eq!(volume(&scratch), Ok(()));
    }
}
