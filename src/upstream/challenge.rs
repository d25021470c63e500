//! What a registry wants to see before it answers (RFC 9110, section 11.6.1; Docker's token authentication).

/// A login that a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Name and password with each request.
    Basic,
    /// A token from somewhere.
    Bearer {
        /// Where tokens are.
        realm: String,
        /// For whom the token is to be.
        service: Option<String>,
        /// For what, if the registry says so.
        scope: Option<String>,
    },
}

/// The challenge that we can meet, a token before a password.
pub(crate) fn choose<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Challenge> {
    let mut basic = None;
    for challenge in headers.flat_map(parse) {
        match challenge {
            Challenge::Bearer { .. } => return Some(challenge),
            Challenge::Basic => basic = Some(challenge),
        }
    }
    basic
}

/// The challenges of one header that we know. Proxies put several headers together into one, so several may be there; a
/// scheme is told from a parameter by what stands before the first `=`.
fn parse(header: &str) -> Vec<Challenge> {
    let mut schemes: Vec<(&str, Vec<&str>)> = Vec::new();
    for element in elements(header) {
        let before = element.split('=').next().unwrap_or_default().trim_end();
        let begins = before.len() == element.len() || before.contains(' ');
        match schemes.last_mut() {
            Some((_, parameters)) if !begins => parameters.push(element),
            _ => {
                let (scheme, rest) = element.split_once(' ').unwrap_or((element, ""));
                schemes.push((scheme, vec![rest]));
            }
        }
    }
    schemes.into_iter().filter_map(|(scheme, parameters)| challenge(scheme, &parameters)).collect()
}

/// What stands between commas, those in quotes aside.
fn elements(header: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = header.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' => return !quoted,
            _ => {}
        }
        false
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn challenge(scheme: &str, parameters: &[&str]) -> Option<Challenge> {
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut service, mut scope) = (None, None, None);
    for mut rest in parameters.iter().copied() {
        while let Some((name, value, after)) = parameter(rest) {
            let place = match name.to_ascii_lowercase().as_str() {
                "realm" => Some(&mut realm),
                "service" => Some(&mut service),
                "scope" => Some(&mut scope),
                _ => None,
            };
            if let Some(place) = place {
                place.get_or_insert(value);
            }
            rest = after;
        }
    }
    Some(Challenge::Bearer { realm: realm?, service, scope })
}

/// The first `name=value` of a list, and what comes after it.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let (name, rest) = text.split_once('=')?;
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find([',', ' ']).unwrap_or(rest.len());
        return Some((name.trim(), rest[..end].to_owned(), &rest[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((name.trim(), value, &quoted[at + 1..])),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        })
    }

    #[test]
    fn challenges_of_registries_are_understood() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull""#;
        let wanted =
            bearer("https://auth.docker.io/token", Some("registry.docker.io"), Some("repository:library/alpine:pull"));
        assert_eq!(choose([hub].into_iter()), wanted);
        assert_eq!(
            choose([r#"bearer Realm="https://a/t", error="x\"y", Service=s"#].into_iter()),
            bearer("https://a/t", Some("s"), None)
        );
        assert_eq!(choose([r#"Basic realm="x""#, hub].into_iter()), wanted);
        assert_eq!(choose(["Basic"].into_iter()), Some(Challenge::Basic));
        // Several in one header, as proxies put them together.
        for before in [r#"Basic realm="a, Bearer b", charset="UTF-8""#, "Negotiate", "Negotiate YQ==", "Digest realm=x"]
        {
            assert_eq!(choose([format!("{before}, {hub}").as_str()].into_iter()), wanted, "{before}");
            assert_eq!(choose([format!("{hub}, {before}").as_str()].into_iter()), wanted, "{before}");
        }
        assert_eq!(choose([r#"Negotiate,Basic realm="x""#].into_iter()), Some(Challenge::Basic));
        assert_eq!(choose([r#"Digest realm="Bearer realm=x, Basic""#].into_iter()), None);
        for nothing in
            ["", "Bearer", "Bearer realm", r#"Bearer realm="https://a"#, "Digest realm=x", r#"Bearer service="s""#]
        {
            assert_eq!(choose([nothing].into_iter()), None, "{nothing}");
        }
    }
}
