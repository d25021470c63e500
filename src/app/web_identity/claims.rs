//! What a web identity token says, before and after it is verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Refusal;

/// Clocks may differ by this many seconds before a token counts as one from the future.
const SKEW: i64 = 300;

/// The claim in which a provider says which session tags somebody has, as AWS defines it.
pub const TAGS: &str = "https://aws.amazon.com/tags";

/// The claim in which a provider says who is behind a session, as AWS defines it.
pub const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// The claims of a token.
#[derive(Debug, Clone)]
pub struct Claims {
    /// Who issued it, with the scheme.
    pub issuer: String,
    /// Whom it is about.
    pub subject: String,
    pub(crate) audiences: Vec<String>,
    expires_at: i64,
    not_before: Option<i64>,
    issued_at: Option<i64>,
    all: Map<String, Value>,
}

/// A token that was taken apart and not verified.
pub(crate) struct Unverified<'t> {
    pub(crate) claims: Claims,
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    pub(crate) message: &'t str,
    pub(crate) signature: &'t str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that a reader must understand. None are understood.
    crit: Option<Value>,
}

impl<'t> Unverified<'t> {
    /// Takes a token apart.
    pub(crate) fn parse(token: &'t str) -> Result<Self, Refusal> {
        let form = || Refusal::Malformed("is not a JSON Web Token");
        let (message, signature) = token.rsplit_once('.').ok_or_else(form)?;
        let (header, payload) = message.split_once('.').ok_or_else(form)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| form());
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| form())?;
        let payload: Map<String, Value> = serde_json::from_slice(&decode(payload)?).map_err(|_| form())?;
        if header.crit.is_some() {
            return Err(Refusal::Malformed("needs an extension that is not known"));
        }
        let algorithm = match header.alg.as_str() {
            "RS256" => Algorithm::RS256,
            "RS384" => Algorithm::RS384,
            "RS512" => Algorithm::RS512,
            "ES256" => Algorithm::ES256,
            "ES384" => Algorithm::ES384,
            "EdDSA" => Algorithm::EdDSA,
            _ => return Err(Refusal::Malformed("is signed in a way that is not accepted")),
        };
        Ok(Self { claims: Claims::read(payload)?, algorithm, kid: header.kid, message, signature })
    }
}

impl Claims {
    fn read(all: Map<String, Value>) -> Result<Self, Refusal> {
        let text = |name, missing| {
            let value = all.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            value.map(str::to_owned).ok_or(Refusal::Malformed(missing))
        };
        // Numbers may have a fraction; what does not fit is no time.
        let time = |name| all.get(name).and_then(Value::as_f64).map(|seconds| seconds as i64);
        let audiences = values(all.get("aud").unwrap_or(&Value::Null));
        if audiences.is_empty() {
            return Err(Refusal::Malformed("lacks the claim aud"));
        }
        Ok(Self {
            issuer: text("iss", "lacks the claim iss")?,
            subject: text("sub", "lacks the claim sub")?,
            audiences,
            expires_at: time("exp").ok_or(Refusal::Malformed("lacks the claim exp"))?,
            not_before: time("nbf"),
            issued_at: time("iat"),
            all,
        })
    }

    /// Whether the token is good at a time.
    pub(crate) fn check_times(&self, now: i64) -> Result<(), Refusal> {
        if now >= self.expires_at {
            return Err(Refusal::Expired(now, self.expires_at));
        }
        let early = |time: &Option<i64>| time.is_some_and(|time| time.saturating_sub(SKEW) > now);
        if early(&self.not_before) || early(&self.issued_at) {
            return Err(Refusal::NotYet);
        }
        Ok(())
    }

    /// Until when the token is good, in seconds since 1970.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// Claims as condition keys may ask for them: those with one plain value, or a list of plain values.
    pub fn plain(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        let plain = |(name, value): (_, &Value)| (name, values(value));
        self.all.iter().map(|(name, value)| (name.as_str(), value)).map(plain).filter(|(_, values)| !values.is_empty())
    }

    /// The session tags that the provider gives, and the keys of those that further sessions inherit. None if the claim
    /// is not of the form that AWS defines.
    #[expect(clippy::type_complexity, reason = "the two lists are used apart from one another at once")]
    pub fn tags(&self) -> Option<(Vec<(String, String)>, Vec<String>)> {
        let Some(claim) = self.all.get(TAGS) else {
            return Some((Vec::new(), Vec::new()));
        };
        let mut tags = Vec::new();
        for (key, value) in claim.get("principal_tags")?.as_object()? {
            match values(value).as_slice() {
                [value] => tags.push((key.clone(), value.clone())),
                _ => return None,
            }
        }
        let transitive = claim.get("transitive_tag_keys").map_or_else(Vec::new, values);
        Some((tags, transitive))
    }

    /// Who the provider says is behind the session, if it does. None at all if the claim is no text.
    pub fn source_identity(&self) -> Option<Option<&str>> {
        match self.all.get(SOURCE_IDENTITY) {
            None => Some(None),
            Some(claim) => claim.as_str().map(Some),
        }
    }
}

/// A plain value as a list of one, a list of plain values as it is, and anything else as nothing.
fn values(value: &Value) -> Vec<String> {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Array(list) => list.iter().map(plain).collect::<Option<_>>().unwrap_or_default(),
        value => plain(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &Value, payload: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(header), part(payload))
    }

    fn refused(header: &Value, payload: &Value) -> Refusal {
        let token = token(header, payload);
        Unverified::parse(&token).err().expect("it is refused")
    }

    #[test]
    fn tokens_that_lack_something_are_refused() {
        let header = json!({"alg": "RS256", "kid": "1"});
        let good = json!({"iss": "https://a", "sub": "s", "aud": "b", "exp": 10});
        assert!(Unverified::parse(&token(&header, &good)).is_ok());
        for name in ["iss", "sub", "aud", "exp"] {
            let mut payload = good.clone();
            payload.as_object_mut().unwrap().remove(name);
            assert!(matches!(refused(&header, &payload), Refusal::Malformed(why) if why.ends_with(name)));
        }
        for alg in ["none", "HS256", "PS256", "rs256", ""] {
            let header = json!({"alg": alg});
            assert_eq!(refused(&header, &good), Refusal::Malformed("is signed in a way that is not accepted"));
        }
        assert!(matches!(refused(&json!({"alg": "RS256", "crit": ["b64"]}), &good), Refusal::Malformed(_)));
        for text in ["", ".", "..", "a.b.c", "e30.e30.e30", "e30.e30"] {
            assert!(Unverified::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_checked() {
        let header = json!({"alg": "EdDSA"});
        let check = |payload: Value, now| {
            let token = token(&header, &payload);
            Unverified::parse(&token).map(|token| token.claims.check_times(now)).unwrap()
        };
        let at = |exp: Value, nbf: Value| json!({"iss": "i", "sub": "s", "aud": ["b"], "exp": exp, "nbf": nbf});
        assert_eq!(check(at(json!(100), Value::Null), 99), Ok(()));
        assert_eq!(check(at(json!(100.9), Value::Null), 100), Err(Refusal::Expired(100, 100)));
        assert_eq!(check(at(json!(9999), json!(1300)), 1000), Ok(()));
        assert_eq!(check(at(json!(9999), json!(1301)), 1000), Err(Refusal::NotYet));
    }

    #[test]
    fn plain_claims_become_condition_keys_and_tags_are_read() {
        let payload = json!({
            "iss": "i", "sub": "s", "aud": ["b", "c"], "exp": 1, "ref_protected": true, "nested": {"a": 1}, "odd": [1, {}],
            TAGS: {"principal_tags": {"team": ["red"], "stage": "x"}, "transitive_tag_keys": ["team"]},
        });
        let token = token(&json!({"alg": "ES256"}), &payload);
        let claims = Unverified::parse(&token).map(|token| token.claims).unwrap();
        let plain: Vec<_> = claims.plain().map(|(name, values)| format!("{name}={}", values.join(","))).collect();
        assert_eq!(plain, ["aud=b,c", "exp=1", "iss=i", "ref_protected=true", "sub=s"]);
        let (tags, transitive) = claims.tags().unwrap();
        assert_eq!(tags, [("stage".to_owned(), "x".to_owned()), ("team".to_owned(), "red".to_owned())]);
        assert_eq!(transitive, ["team"]);
    }

    #[test]
    fn the_source_identity_is_a_text_or_absent() {
        let found = |claim: Value| {
            let payload = json!({"iss": "i", "sub": "s", "aud": "b", "exp": 1, SOURCE_IDENTITY: claim});
            let token = token(&json!({"alg": "ES256"}), &payload);
            let claims = Unverified::parse(&token).map(|token| token.claims).unwrap();
            claims.source_identity().map(|found| found.map(str::to_owned))
        };
        assert_eq!(found(json!("anna")), Some(Some("anna".to_owned())));
        assert_eq!(found(json!(["anna"])), None);
        assert_eq!(found(Value::Null), None);
    }
}
