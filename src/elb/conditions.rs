//! Conditions of rules: as they come and go on the wire, what they may be, and what they mean.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::routing;

/// The most values of the conditions of a rule together, and the most wildcards in them.
const MOST: usize = 5;
const FIELDS: &[&str] =
    &["path-pattern", "host-header", "http-header", "http-request-method", "query-string", "source-ip"];

/// A condition on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct RuleCondition {
    field: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
    host_header_config: Option<Values>,
    path_pattern_config: Option<Values>,
    http_header_config: Option<HttpHeader>,
    query_string_config: Option<QueryString>,
    http_request_method_config: Option<Values>,
    source_ip_config: Option<Values>,
    #[serde(skip_serializing)]
    regex_values: Vec<String>,
}

/// A list of patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Values {
    values: Vec<String>,
    #[serde(skip_serializing)]
    regex_values: Vec<String>,
}

/// A header field and patterns of its value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct HttpHeader {
    http_header_name: String,
    values: Vec<String>,
    #[serde(skip_serializing)]
    regex_values: Vec<String>,
}

/// Pairs of the query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct QueryString {
    values: Vec<Pair>,
}

/// A pair of the query; without a key, any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Pair {
    key: Option<String>,
    value: String,
}

fn invalid<T>(message: String) -> Result<T> {
    Err(Error::Validation(message))
}

/// Checks the conditions of a rule, and puts each into the form in which it is stored and shown.
pub(crate) fn check(conditions: Vec<RuleCondition>) -> Result<Vec<RuleCondition>> {
    if conditions.is_empty() {
        return invalid("A condition must be specified".to_owned());
    }
    let conditions = conditions.into_iter().map(settled).collect::<Result<Vec<_>>>()?;
    let (mut values, mut wildcards) = (0, 0);
    let mut once = std::collections::BTreeSet::new();
    for condition in &conditions {
        let field = condition.field();
        // Several of these narrow a rule down; of the others a second one could never hold together with the first.
        if !matches!(field, "http-header" | "query-string") && !once.insert(field) {
            return invalid(format!("The condition '{field}' can be used only once"));
        }
        for pattern in condition.patterns() {
            values += 1;
            wildcards += pattern.bytes().filter(|byte| matches!(byte, b'*' | b'?')).count();
        }
    }
    if values > MOST {
        return invalid(format!("A rule can only have '{MOST}' condition values"));
    }
    if wildcards > MOST {
        return invalid(format!("A rule can only have '{MOST}' condition wildcards"));
    }
    Ok(conditions)
}

/// A condition with both its plain values and its own member, as AWS shows it.
fn settled(condition: RuleCondition) -> Result<RuleCondition> {
    let field = condition.field.clone().unwrap_or_default();
    if !FIELDS.contains(&field.as_str()) {
        let shown: String = field.chars().filter(|character| !character.is_control()).take(64).collect();
        return invalid(format!("Condition field '{shown}' must be one of '[{}]'", FIELDS.join(",")));
    }
    if condition.uses_expressions() {
        return Err(Error::InvalidConfigurationRequest(
            "These load balancers do not have regular expressions in conditions".to_owned(),
        ));
    }
    let plain = condition.values;
    let either = |config: Option<Values>| match config {
        Some(config) if plain.is_empty() || plain == config.values => Ok(config.values),
        Some(_) => invalid(format!("The condition '{field}' has values in two places")),
        None => Ok(plain.clone()),
    };
    let settled = RuleCondition { field: Some(field.clone()), ..RuleCondition::default() };
    let listed = |values: Vec<String>| Values { values, regex_values: Vec::new() };
    let settled = match field.as_str() {
        "host-header" => {
            let values = either(condition.host_header_config)?;
            values.iter().try_for_each(|value| check_host(value))?;
            RuleCondition { host_header_config: Some(listed(values.clone())), values, ..settled }
        }
        "path-pattern" => {
            let values = either(condition.path_pattern_config)?;
            values.iter().try_for_each(|value| check_path(value))?;
            RuleCondition { path_pattern_config: Some(listed(values.clone())), values, ..settled }
        }
        "http-request-method" => {
            let values = condition.http_request_method_config.map(|config| config.values).unwrap_or_default();
            values.iter().try_for_each(|value| check_method(value))?;
            RuleCondition { http_request_method_config: Some(listed(values)), ..settled }
        }
        "source-ip" => {
            let values = condition.source_ip_config.map(|config| config.values).unwrap_or_default();
            for value in &values {
                if routing::Network::parse(value).is_none() {
                    return invalid(format!("'{value}' is not a valid CIDR block"));
                }
            }
            RuleCondition { source_ip_config: Some(listed(values)), ..settled }
        }
        "http-header" => {
            let config = condition.http_header_config.unwrap_or_default();
            check_header(&config)?;
            RuleCondition { http_header_config: Some(config), ..settled }
        }
        _ => {
            let config = condition.query_string_config.unwrap_or_default();
            for pair in &config.values {
                check_pattern("query-string", &pair.value)?;
                pair.key.as_deref().map_or(Ok(()), |key| check_pattern("query-string", key))?;
            }
            RuleCondition { query_string_config: Some(config), ..settled }
        }
    };
    if settled.patterns().is_empty() {
        return invalid(format!("A condition value must be specified for '{field}'"));
    }
    Ok(settled)
}

fn check_pattern(field: &str, value: &str) -> Result<()> {
    let legal = !value.is_empty() && value.len() <= 128 && value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if legal {
        Ok(())
    } else {
        invalid(format!("A value of the condition '{field}' must be 1 to 128 visible characters"))
    }
}

fn check_host(value: &str) -> Result<()> {
    check_pattern("host-header", value)?;
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-.*?_".contains(&byte);
    if value.bytes().all(usual) && value.contains('.') {
        return Ok(());
    }
    invalid(format!("The host header value '{value}' is not valid"))
}

fn check_path(value: &str) -> Result<()> {
    check_pattern("path-pattern", value)?;
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.$/~\"'@:+&*?%!,;=()".contains(&byte);
    if value.bytes().all(usual) && (value.starts_with('/') || value.starts_with('*') || value.starts_with('?')) {
        return Ok(());
    }
    invalid(format!("The path pattern '{value}' is not valid"))
}

fn check_method(value: &str) -> Result<()> {
    let usual = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
    if (1..=40).contains(&value.len()) && value.bytes().all(usual) {
        return Ok(());
    }
    invalid(format!("The HTTP request method '{value}' is not valid"))
}

fn check_header(config: &HttpHeader) -> Result<()> {
    let name = &config.http_header_name;
    if name.len() > 40 || http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return invalid(format!("The HTTP header name '{name}' is not valid"));
    }
    if name.eq_ignore_ascii_case("host") {
        return invalid("Use the condition 'host-header' for the header 'host'".to_owned());
    }
    config.values.iter().try_for_each(|value| check_pattern("http-header", value))
}

impl RuleCondition {
    fn field(&self) -> &str {
        self.field.as_deref().unwrap_or_default()
    }

    fn uses_expressions(&self) -> bool {
        let lists = [
            &self.host_header_config,
            &self.path_pattern_config,
            &self.http_request_method_config,
            &self.source_ip_config,
        ];
        !self.regex_values.is_empty()
            || lists.into_iter().flatten().any(|config| !config.regex_values.is_empty())
            || self.http_header_config.as_ref().is_some_and(|config| !config.regex_values.is_empty())
    }

    /// All its patterns, once each.
    fn patterns(&self) -> Vec<&str> {
        let lists = [
            &self.host_header_config,
            &self.path_pattern_config,
            &self.http_request_method_config,
            &self.source_ip_config,
        ];
        let mut patterns: Vec<&str> =
            lists.into_iter().flatten().flat_map(|config| &config.values).map(String::as_str).collect();
        if let Some(config) = &self.http_header_config {
            patterns.extend(config.values.iter().map(String::as_str));
        }
        if let Some(config) = &self.query_string_config {
            patterns.extend(config.values.iter().map(|pair| pair.value.as_str()));
        }
        patterns
    }

    /// What it means to a balancer.
    pub(crate) fn meaning(&self) -> Option<routing::Condition> {
        let of = |config: &Option<Values>| config.as_ref().map(|config| config.values.clone()).unwrap_or_default();
        Some(match self.field() {
            "host-header" => routing::Condition::Host(of(&self.host_header_config)),
            "path-pattern" => routing::Condition::Path(of(&self.path_pattern_config)),
            "http-request-method" => routing::Condition::Method(of(&self.http_request_method_config)),
            "source-ip" => routing::Condition::Source(
                of(&self.source_ip_config).iter().filter_map(|value| routing::Network::parse(value)).collect(),
            ),
            "http-header" => {
                let config = self.http_header_config.clone().unwrap_or_default();
                routing::Condition::Header { name: config.http_header_name, values: config.values }
            }
            "query-string" => {
                let config = self.query_string_config.clone().unwrap_or_default();
                routing::Condition::Query(config.values.into_iter().map(|pair| (pair.key, pair.value)).collect())
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(json: serde_json::Value) -> RuleCondition {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn both_forms_of_a_condition_are_one() {
        let plain = condition(serde_json::json!({ "Field": "path-pattern", "Values": ["/a/*"] }));
        let own =
            condition(serde_json::json!({ "Field": "path-pattern", "PathPatternConfig": { "Values": ["/a/*"] } }));
        let settled = check(vec![plain]).unwrap();
        assert_eq!(settled, check(vec![own]).unwrap());
        assert_eq!(settled, check(settled.clone()).unwrap());
        assert_eq!(settled[0].meaning(), Some(routing::Condition::Path(vec!["/a/*".to_owned()])));
    }

    #[test]
    fn malformed_conditions_are_refused() {
        for json in [
            serde_json::json!({ "Field": "moon", "Values": ["x"] }),
            serde_json::json!({ "Field": "path-pattern", "Values": [] }),
            serde_json::json!({ "Field": "path-pattern", "Values": ["a b"] }),
            serde_json::json!({ "Field": "host-header", "Values": ["no dots"] }),
            serde_json::json!({ "Field": "source-ip", "SourceIpConfig": { "Values": ["10.0.0.0/33"] } }),
            serde_json::json!({ "Field": "http-request-method", "HttpRequestMethodConfig": { "Values": ["get"] } }),
            serde_json::json!({ "Field": "http-header", "HttpHeaderConfig": { "HttpHeaderName": "a b", "Values": ["x"] } }),
            serde_json::json!({ "Field": "path-pattern", "Values": ["/1", "/2", "/3", "/4", "/5", "/6"] }),
            serde_json::json!({ "Field": "path-pattern", "Values": ["/******"] }),
        ] {
            let refused = check(vec![condition(json.clone())]);
            assert!(matches!(refused, Err(Error::Validation(_))), "{json}: {refused:?}");
        }
        assert!(check(Vec::new()).is_err());
        let expression = condition(serde_json::json!({ "Field": "path-pattern", "RegexValues": ["^/a$"] }));
        assert!(matches!(check(vec![expression]), Err(Error::InvalidConfigurationRequest(_))));
    }
}
