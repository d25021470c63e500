//! The `Authorization` header (RFC 7617, RFC 6750).

use app::authn::Credentials;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use types::Secret;

/// The header cannot be understood. It is not the same as no header: such a request is refused, not anonymous.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads the credentials of a request. More than one header is refused: a proxy before us may have believed another.
pub(crate) fn read(headers: &HeaderMap) -> Result<Credentials, Malformed> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(Credentials::None);
    };
    if values.next().is_some() {
        return Err(Malformed);
    }
    parse_authorization(value.to_str().map_err(|_| Malformed)?)
}

/// Reads the value of an `Authorization` header: `Basic` or `Bearer`, in any case.
pub fn parse_authorization(value: &str) -> Result<Credentials, Malformed> {
    let (scheme, rest) = value.trim().split_once(' ').ok_or(Malformed)?;
    let rest = rest.trim_start();
    if scheme.eq_ignore_ascii_case("bearer") {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if rest.is_empty() || !rest.bytes().all(legal) {
            return Err(Malformed);
        }
        return Ok(Credentials::Bearer(rest.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Malformed);
    }
    let decoded = STANDARD.decode(rest).map_err(|_| Malformed)?;
    let decoded = String::from_utf8(decoded).map_err(|_| Malformed)?;
    let (user, password) = decoded.split_once(':').ok_or(Malformed)?;
    if user.is_empty() || password.is_empty() || decoded.chars().any(char::is_control) {
        return Err(Malformed);
    }
    Ok(Credentials::Basic { user: user.to_owned(), password: Secret::new(password) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_in_any_case() {
        assert!(matches!(parse_authorization("bEaReR abc.def"), Ok(Credentials::Bearer(token)) if token == "abc.def"));
        let Ok(Credentials::Basic { user, password }) =
            parse_authorization(&format!("BASIC {}", STANDARD.encode("u:p:q")))
        else {
            panic!()
        };
        assert_eq!((user.as_str(), password.expose()), ("u", "p:q"));
    }

    #[test]
    fn malformed_headers_are_not_anonymous() {
        for value in [
            "",
            "Basic",
            "Basic ",
            "Basic !!!",
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Digest x",
            "Basic dTpw dTpw",
            &format!("Basic {}", STANDARD.encode("nocolon")),
            &format!("Basic {}", STANDARD.encode(":password")),
            &format!("Basic {}", STANDARD.encode("user:")),
            &format!("Basic {}", STANDARD.encode("u\n:p")),
            &format!("Basic {}", STANDARD.encode([b'u', b':', 0xff])),
        ] {
            assert!(parse_authorization(value).is_err(), "{value:?} was accepted");
        }
    }
}
