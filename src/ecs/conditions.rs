//! What policies may ask of a request that starts tasks or says how those of a service are started.

use aws::Need;
use serde_json::Value;

/// What such a request says. What it leaves out, no condition finds.
#[derive(Debug)]
pub(crate) struct Asked<'r> {
    pub(crate) enable_execute_command: Option<bool>,
    pub(crate) enable_managed_tags: Option<bool>,
    /// `TASK_DEFINITION`, `SERVICE` or `NONE`.
    pub(crate) propagate_tags: Option<&'r str>,
    /// As sent.
    pub(crate) network_configuration: Option<&'r Value>,
}

impl Asked<'_> {
    /// A need with `ecs:enable-execute-command`, `ecs:enable-ecs-managed-tags`, `ecs:propagate-tags`, `ecs:subnet` and
    /// `ecs:auto-assign-public-ip` (which is `DISABLED` of a network that does not say).
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html>
    pub(crate) fn judges(&self, mut need: Need) -> Need {
        let flags = [
            ("ecs:enable-execute-command", self.enable_execute_command),
            ("ecs:enable-ecs-managed-tags", self.enable_managed_tags),
        ];
        for (key, flag) in flags {
            if let Some(flag) = flag {
                need = need.with(key, [flag.to_string()]);
            }
        }
        if let Some(propagated) = self.propagate_tags {
            need = need.with("ecs:propagate-tags", [propagated.to_owned()]);
        }
        let Some(network) = self.network_configuration.and_then(|given| given["awsvpcConfiguration"].as_object())
        else {
            return need;
        };
        let public_ip = network.get("assignPublicIp").and_then(Value::as_str).unwrap_or("DISABLED");
        let subnets = network.get("subnets").and_then(Value::as_array).into_iter().flatten();
        let subnets: Vec<String> = subnets.filter_map(|subnet| subnet.as_str().map(str::to_owned)).collect();
        let need = need.with("ecs:auto-assign-public-ip", [public_ip.to_owned()]);
        if subnets.is_empty() { need } else { need.with("ecs:subnet", subnets) }
    }
}
