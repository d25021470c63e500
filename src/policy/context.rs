//! The facts of one request that conditions and policy variables may ask for: source address, time, tags and so on.
//! What follows from the principal or the resource's account is not set here: evaluation derives it, so that a caller
//! can neither forget nor contradict it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, SecondsFormat, Utc};

/// Where evaluation asks for the facts of a request. It asks only when a statement that could apply has conditions or
/// variables, so facts that cost something to find out may wait until then.
pub trait Facts: fmt::Debug {
    /// The values of a condition key, which is given in lower case; empty when the key is absent.
    fn get(&self, lowercase_key: &str) -> &[String];

    /// The values that take the place of those that follow from the principal and the resource; empty to leave these. Only a
    /// simulation has any: what judges requests must not contradict what is known.
    fn instead(&self, _lowercase_key: &str) -> &[String] {
        &[]
    }
}

/// Condition keys and their values. Keys are compared without regard to case, as on AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
}

impl Context {
    /// No facts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key to one value, replacing what it had.
    pub fn set(&mut self, key: &str, value: impl Into<String>) -> &mut Self {
        self.set_all(key, [value.into()])
    }

    /// Sets a key to several values (`aws:TagKeys`). No values at all means that the key is absent.
    pub fn set_all(&mut self, key: &str, values: impl IntoIterator<Item = String>) -> &mut Self {
        self.values.insert(key.to_lowercase(), values.into_iter().collect());
        self
    }

    /// Gives a key these values beside those that it has. Tags whose keys differ by case alone are one key here, and what any
    /// of them says has to be seen.
    pub fn add_all(&mut self, key: &str, values: impl IntoIterator<Item = String>) -> &mut Self {
        self.values.entry(key.to_lowercase()).or_default().extend(values);
        self
    }

    /// Sets a key that `Bool` compares (`aws:SecureTransport`).
    pub fn set_bool(&mut self, key: &str, value: bool) -> &mut Self {
        self.set(key, if value { "true" } else { "false" })
    }

    /// Sets a key that the date operators compare (`aws:CurrentTime`).
    pub fn set_time(&mut self, key: &str, value: DateTime<Utc>) -> &mut Self {
        self.set(key, value.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    /// Sets a key that `IpAddress` compares (`aws:SourceIp`).
    pub fn set_address(&mut self, key: &str, value: IpAddr) -> &mut Self {
        self.set(key, value.to_canonical().to_string())
    }
}

impl Facts for Context {
    fn get(&self, lowercase_key: &str) -> &[String] {
        self.values.get(lowercase_key).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ignore_case_and_values_are_typed_on_the_way_in() {
        let mut context = Context::new();
        context
            .set("aws:UserAgent", "docker/29")
            .set_bool("AWS:SecureTransport", true)
            .set_time("aws:CurrentTime", DateTime::from_timestamp(1_700_000_000, 0).unwrap())
            .set_address("aws:SourceIp", "::ffff:192.0.2.1".parse().unwrap());
        assert_eq!(context.get("aws:useragent"), ["docker/29"]);
        assert_eq!(context.get("aws:securetransport"), ["true"]);
        assert_eq!(context.get("aws:currenttime"), ["2023-11-14T22:13:20Z"]);
        assert_eq!(context.get("aws:sourceip"), ["192.0.2.1"]);
        assert!(context.get("aws:tagkeys").is_empty());
        context.add_all("aws:ResourceTag/Team", ["red".into()]).add_all("aws:ResourceTag/team", ["blue".into()]);
        assert_eq!(context.get("aws:resourcetag/team"), ["red", "blue"]);
    }
}
