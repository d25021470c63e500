//! Attributes of load balancers, target groups and listeners: which there are, what they are unless they are set, and what
//! they may be. Only those that were set are stored.
//!
//! An attribute that has no effect here can be set to its default alone, so that no answer promises what does not happen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::change::{read, stored};
use crate::error::{Error, Result};

/// An attribute on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    /// Its name.
    pub(crate) key: String,
    /// Its value.
    #[serde(default)]
    pub(crate) value: String,
}

/// What a value may be.
enum Legal {
    /// Its default, for want of an effect.
    Default,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A number between these.
    Between(u64, u64),
}

/// An attribute that there is.
pub(crate) struct Known {
    key: &'static str,
    default: &'static str,
    legal: Legal,
}

const fn fixed(key: &'static str, default: &'static str) -> Known {
    Known { key, default, legal: Legal::Default }
}

const fn switch(key: &'static str, default: &'static str) -> Known {
    Known { key, default, legal: Legal::OneOf(&["true", "false"]) }
}

/// Those of load balancers.
pub(crate) const LOAD_BALANCER: &[Known] = &[
    fixed("access_logs.s3.enabled", "false"),
    fixed("access_logs.s3.bucket", ""),
    fixed("access_logs.s3.prefix", ""),
    Known { key: "idle_timeout.timeout_seconds", default: "60", legal: Legal::Between(1, 4000) },
    switch("deletion_protection.enabled", "false"),
    fixed("routing.http2.enabled", "true"),
    switch("routing.http.drop_invalid_header_fields.enabled", "false"),
    switch("routing.http.xff_client_port.enabled", "false"),
    // The field goes to targets as it came, whatever this says.
    switch("routing.http.preserve_host_header.enabled", "false"),
    Known {
        key: "routing.http.xff_header_processing.mode",
        default: "append",
        legal: Legal::OneOf(&["append", "preserve", "remove"]),
    },
    // What is ambiguous is refused in either of these modes.
    Known {
        key: "routing.http.desync_mitigation_mode",
        default: "defensive",
        legal: Legal::OneOf(&["defensive", "strictest"]),
    },
    fixed("load_balancing.cross_zone.enabled", "true"),
    fixed("client_keep_alive.seconds", "3600"),
    fixed("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    fixed("waf.fail_open.enabled", "false"),
    fixed("zonal_shift.config.enabled", "false"),
    fixed("connection_logs.s3.enabled", "false"),
    fixed("connection_logs.s3.bucket", ""),
    fixed("connection_logs.s3.prefix", ""),
    fixed("health_check_logs.s3.enabled", "false"),
    fixed("health_check_logs.s3.bucket", ""),
    fixed("health_check_logs.s3.prefix", ""),
    fixed("ipv6.deny_all_igw_traffic", "false"),
];

/// Those of target groups.
pub(crate) const TARGET_GROUP: &[Known] = &[
    Known { key: "deregistration_delay.timeout_seconds", default: "300", legal: Legal::Between(0, 3600) },
    switch("stickiness.enabled", "false"),
    Known { key: "stickiness.type", default: "lb_cookie", legal: Legal::Default },
    Known { key: "stickiness.lb_cookie.duration_seconds", default: "86400", legal: Legal::Between(1, 604_800) },
    fixed("stickiness.app_cookie.cookie_name", ""),
    fixed("stickiness.app_cookie.duration_seconds", "86400"),
    fixed("slow_start.duration_seconds", "0"),
    Known {
        key: "load_balancing.algorithm.type",
        default: "round_robin",
        legal: Legal::OneOf(&["round_robin", "least_outstanding_requests"]),
    },
    fixed("load_balancing.algorithm.anomaly_mitigation", "off"),
    fixed("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    fixed("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
    fixed("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
    fixed("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
    fixed("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
];

/// Those of listeners.
pub(crate) const LISTENER: &[Known] = &[
    fixed("routing.http.response.server.enabled", "true"),
    fixed("routing.http.response.strict_transport_security.header_value", ""),
    fixed("routing.http.response.access_control_allow_origin.header_value", ""),
    fixed("routing.http.response.access_control_allow_methods.header_value", ""),
    fixed("routing.http.response.access_control_allow_headers.header_value", ""),
    fixed("routing.http.response.access_control_allow_credentials.header_value", ""),
    fixed("routing.http.response.access_control_expose_headers.header_value", ""),
    fixed("routing.http.response.access_control_max_age.header_value", ""),
    fixed("routing.http.response.content_security_policy.header_value", ""),
    fixed("routing.http.response.x_content_type_options.header_value", ""),
    fixed("routing.http.response.x_frame_options.header_value", ""),
];

/// All attributes of something, of which some were set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes(BTreeMap<String, String>);

impl Attributes {
    /// As they were stored.
    pub(crate) fn stored(text: &str) -> Result<Self> {
        read(text).map(Self)
    }

    /// As they are to be stored.
    pub(crate) fn document(&self) -> Result<String> {
        stored(&self.0)
    }

    /// The value of one.
    pub(crate) fn get<'a>(&'a self, known: &'a [Known], key: &str) -> &'a str {
        let default = known.iter().find(|known| known.key == key).map_or("", |known| known.default);
        self.0.get(key).map_or(default, String::as_str)
    }

    /// Whether one is on.
    pub(crate) fn is_on(&self, known: &[Known], key: &str) -> bool {
        self.get(known, key) == "true"
    }

    /// The value of one that is a number.
    pub(crate) fn number(&self, known: &[Known], key: &str) -> u64 {
        self.get(known, key).parse().unwrap_or_default()
    }

    /// Sets some.
    pub(crate) fn set(&mut self, known: &[Known], changes: Vec<Attribute>) -> Result<()> {
        for Attribute { key, value } in changes {
            let Some(known) = known.iter().find(|known| known.key == key) else {
                let shown: String = key.chars().filter(|character| !character.is_control()).take(256).collect();
                return Err(Error::Validation(format!("Attribute key '{shown}' is not recognized")));
            };
            known.check(&value)?;
            self.0.insert(key, value);
        }
        Ok(())
    }

    /// All of them, in the order of the table.
    pub(crate) fn list(&self, known: &[Known]) -> Vec<Attribute> {
        let attribute = |known: &Known| Attribute {
            key: known.key.to_owned(),
            value: self.0.get(known.key).map_or(known.default, String::as_str).to_owned(),
        };
        known.iter().map(attribute).collect()
    }
}

impl Known {
    fn check(&self, value: &str) -> Result<()> {
        let key = self.key;
        let shown: String = value.chars().filter(|character| !character.is_control()).take(256).collect();
        let invalid = |why: String| Err(Error::Validation(format!("'{shown}' is not a valid value for '{key}'{why}")));
        match self.legal {
            Legal::Default if value == self.default => Ok(()),
            Legal::Default => Err(Error::InvalidConfigurationRequest(format!(
                "The attribute '{key}' cannot be set to '{shown}': these load balancers do not have it"
            ))),
            Legal::OneOf(set) if set.contains(&value) => Ok(()),
            Legal::OneOf(set) => invalid(format!("; it must be one of {}", set.join(", "))),
            Legal::Between(least, most) => match value.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(()),
                _ => invalid(format!("; it must be between {least} and {most}")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(key: &str, value: &str) -> Vec<Attribute> {
        vec![Attribute { key: key.to_owned(), value: value.to_owned() }]
    }

    #[test]
    fn defaults_of_all_attributes_can_be_set() {
        for known in [LOAD_BALANCER, TARGET_GROUP, LISTENER] {
            let mut attributes = Attributes::default();
            attributes.set(known, attributes.list(known)).unwrap();
            assert_eq!(attributes.list(known), Attributes::default().list(known));
        }
    }

    #[test]
    fn what_has_no_effect_cannot_be_turned_on() {
        let mut attributes = Attributes::default();
        let refused = attributes.set(LOAD_BALANCER, attribute("access_logs.s3.enabled", "true"));
        assert!(matches!(refused, Err(Error::InvalidConfigurationRequest(_))), "{refused:?}");
        for (key, value) in [
            ("idle_timeout.timeout_seconds", "0"),
            ("idle_timeout.timeout_seconds", "x"),
            ("deletion_protection.enabled", "yes"),
            ("no.such.key", "1"),
        ] {
            let refused = attributes.set(LOAD_BALANCER, attribute(key, value));
            assert!(matches!(refused, Err(Error::Validation(_))), "{key} {refused:?}");
        }
        attributes.set(LOAD_BALANCER, attribute("idle_timeout.timeout_seconds", "7")).unwrap();
        let again = Attributes::stored(&attributes.document().unwrap()).unwrap();
        assert_eq!(again.number(LOAD_BALANCER, "idle_timeout.timeout_seconds"), 7);
        assert!(!again.is_on(LOAD_BALANCER, "deletion_protection.enabled"));
    }
}
