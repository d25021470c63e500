//! Which rule a request falls under. Pure: a request's head and the rules in, an action out.

use std::borrow::Cow;
use std::net::IpAddr;

use elb::routing::{Action, Condition, Rule};
use http::uri::Authority;
use http::{HeaderMap, Method, Uri};

use crate::path;
use crate::pattern::matches;

/// What conditions can ask about a request.
pub(crate) struct Facts<'r> {
    host: &'r str,
    path: Cow<'r, str>,
    query: &'r str,
    method: &'r Method,
    headers: &'r HeaderMap,
    source: IpAddr,
}

impl<'r> Facts<'r> {
    /// Of a request that names `host`.
    pub(crate) fn new(
        host: Option<&'r Authority>,
        uri: &'r Uri,
        method: &'r Method,
        headers: &'r HeaderMap,
        source: IpAddr,
    ) -> Self {
        Self {
            host: host.map(Authority::host).unwrap_or_default(),
            path: path::normal(uri.path()),
            query: uri.query().unwrap_or_default(),
            method,
            headers,
            source,
        }
    }
}

/// The action of the first rule whose conditions all hold.
pub(crate) fn choose<'t>(rules: &'t [Rule], facts: &Facts<'_>) -> Option<&'t Action> {
    let rule = rules.iter().find(|rule| rule.conditions.iter().all(|condition| holds(condition, facts)))?;
    Some(&rule.action)
}

fn holds(condition: &Condition, facts: &Facts<'_>) -> bool {
    match condition {
        Condition::Host(patterns) => patterns.iter().any(|pattern| matches(pattern, facts.host, true)),
        Condition::Path(patterns) => patterns.iter().any(|pattern| matches(pattern, &facts.path, false)),
        Condition::Method(methods) => methods.iter().any(|method| method == facts.method.as_str()),
        Condition::Source(networks) => networks.iter().any(|network| network.contains(facts.source)),
        Condition::Header { name, values } => {
            let found = facts.headers.get_all(name.as_str());
            let texts = || found.iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
            values.iter().any(|pattern| texts().any(|text| matches(pattern, text, true)))
        }
        Condition::Query(pairs) => pairs.iter().any(|(key, value)| {
            query_pairs(facts.query).any(|(its_key, its_value)| {
                key.as_ref().is_none_or(|key| matches(key, &its_key, true)) && matches(value, &its_value, true)
            })
        }),
    }
}

/// The pairs of a query, decoded. A word without `=` is a value without a key.
fn query_pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    query.split('&').filter(|part| !part.is_empty()).map(move |part| match part.split_once('=') {
        Some((key, value)) => (decoded(key), decoded(value)),
        None => (Cow::Borrowed(""), decoded(part)),
    })
}

#[cfg(test)]
mod tests {
    use elb::routing::Network;
    use proptest::prelude::*;

    use super::*;

    fn fixed(status: u16) -> Action {
        Action::FixedResponse { status, content_type: None, body: String::new() }
    }

    fn rule(conditions: Vec<Condition>, status: u16) -> Rule {
        Rule { conditions, action: fixed(status) }
    }

    fn chosen(rules: &[Rule], method: &str, url: &str, headers: &[(&str, &str)], source: &str) -> Option<u16> {
        let uri: Uri = url.parse().unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let facts = Facts::new(uri.authority(), &uri, &method, &map, source.parse().unwrap());
        match choose(rules, &facts)? {
            Action::FixedResponse { status, .. } => Some(*status),
            _ => None,
        }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn each_condition_looks_at_its_part() {
        let one = |condition: Condition| [rule(vec![condition], 1), rule(Vec::new(), 2)];
        let host = one(Condition::Host(texts(&["*.Example.com", "b.org"])));
        assert_eq!(chosen(&host, "GET", "http://a.EXAMPLE.com:81/", &[], "10.0.0.1"), Some(1));
        assert_eq!(chosen(&host, "GET", "http://example.com/", &[], "10.0.0.1"), Some(2));
        let path = one(Condition::Path(texts(&["/api/*"])));
        assert_eq!(chosen(&path, "GET", "http://a/api/x?y", &[], "10.0.0.1"), Some(1));
        assert_eq!(chosen(&path, "GET", "http://a/%61pi/x", &[], "10.0.0.1"), Some(1));
        assert_eq!(chosen(&path, "GET", "http://a/x/../api/x", &[], "10.0.0.1"), Some(1));
        assert_eq!(chosen(&path, "GET", "http://a/API/x", &[], "10.0.0.1"), Some(2));
        let header = one(Condition::Header { name: "X-Team".to_owned(), values: texts(&["a?c"]) });
        assert_eq!(chosen(&header, "GET", "http://a/", &[("x-team", "z"), ("x-team", "ABC")], "10.0.0.1"), Some(1));
        assert_eq!(chosen(&header, "GET", "http://a/", &[("x-team", "abcd")], "10.0.0.1"), Some(2));
        let query = one(Condition::Query(vec![(Some("v".to_owned()), "2".to_owned()), (None, "on*".to_owned())]));
        assert_eq!(chosen(&query, "GET", "http://a/?x=1&V=2", &[], "10.0.0.1"), Some(1));
        assert_eq!(chosen(&query, "GET", "http://a/?x=one", &[], "10.0.0.1"), Some(1));
        assert_eq!(chosen(&query, "GET", "http://a/?%76=2", &[], "10.0.0.1"), Some(1));
        assert_eq!(chosen(&query, "GET", "http://a/?v=3", &[], "10.0.0.1"), Some(2));
        let method = one(Condition::Method(texts(&["PUT", "POST"])));
        assert_eq!(chosen(&method, "POST", "http://a/", &[], "10.0.0.1"), Some(1));
        assert_eq!(chosen(&method, "GET", "http://a/", &[], "10.0.0.1"), Some(2));
        let source = one(Condition::Source(vec![Network::parse("10.0.0.0/8").unwrap()]));
        assert_eq!(chosen(&source, "GET", "http://a/", &[], "10.9.9.9"), Some(1));
        assert_eq!(chosen(&source, "GET", "http://a/", &[], "11.0.0.1"), Some(2));
    }

    proptest! {
        /// The rule that is chosen holds, and no rule before it does.
        #[test]
        fn the_first_rule_that_holds_is_chosen(
            patterns in proptest::collection::vec(("/[ab*?]{0,3}", "[ab*]{1,3}[.][ab*]{1,2}"), 0..6),
            path in "/[ab]{0,3}",
            host in "[ab]{1,3}[.][ab]{1,2}",
        ) {
            let mut rules: Vec<Rule> = patterns
                .iter()
                .zip(0..)
                .map(|((path, host), index)| {
                    rule(vec![Condition::Path(vec![path.clone()]), Condition::Host(vec![host.clone()])], index)
                })
                .collect();
            rules.push(rule(Vec::new(), 99));
            let holds = |(a, b): &(String, String)| matches(a, &path, false) && matches(b, &host, true);
            let expected = patterns.iter().position(holds).map_or(99, |index| index as u16);
            let url = format!("http://{host}{path}");
            prop_assert_eq!(chosen(&rules, "GET", &url, &[], "10.0.0.1"), Some(expected));
        }
    }
}
