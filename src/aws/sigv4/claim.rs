//! Reading what a request claims: the parts of the `Authorization` header, or of the query of a presigned address. Each
//! part must be there once and in its one form.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};
use types::Timestamp;

use super::{ALGORITHM, Signature, invalid};
use crate::{Common, Fault, Head};

/// No client signs more header fields.
const MOST_HEADERS: usize = 100;
/// What AWS allows a presigned address to live.
const LONGEST: u64 = 7 * 86_400;

/// Reads the signature of a request.
pub(super) fn read(head: &Head) -> Result<Option<Signature>, Fault> {
    let mut fields = head.parts.headers.get_all("authorization").iter();
    let query = Query::read(head);
    match (fields.next(), query.get("X-Amz-Algorithm")) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(incomplete("A request is signed by its Authorization header or by its query, not both."))
        }
        (Some(field), None) => {
            if fields.next().is_some() {
                return Err(incomplete("There must be one Authorization header."));
            }
            let text = field.to_str().map_err(|_| incomplete("The Authorization header is not text."))?;
            header(head, text).map(Some)
        }
        (None, Some(_)) => presigned(head, &query).map(Some),
    }
}

/// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`
fn header(head: &Head, text: &str) -> Result<Signature, Fault> {
    let Some((ALGORITHM, rest)) = text.split_once(' ') else {
        // Basic and Bearer are for the registry protocol; AWS takes them for no authentication as well.
        return Err(match text.split(' ').next() {
            Some(ALGORITHM) => incomplete("The Authorization header has no parameters."),
            _ => Fault::common(Common::IncompleteSignature, unsupported(text)),
        });
    };
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in rest.split(',') {
        let (name, value) = part
            .trim_matches(' ')
            .split_once('=')
            .ok_or_else(|| incomplete("'Authorization' header holds a part that is not of the form name=value."))?;
        let place = match name {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => return Err(incomplete("'Authorization' header holds a part that is not known.")),
        };
        if place.replace(value).is_some() {
            return Err(incomplete("'Authorization' header holds a part twice."));
        }
    }
    let date = head.header("x-amz-date").map(str::to_owned).or_else(|| http_date(head.header("date")?));
    let mut missing = String::new();
    for (name, present) in [
        ("Credential", credential.is_some()),
        ("Signature", signature.is_some()),
        ("SignedHeaders", signed_headers.is_some()),
    ] {
        if !present {
            missing.push_str(&format!("Authorization header requires '{name}' parameter. "));
        }
    }
    if date.is_none() {
        missing.push_str("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
    }
    let (Some(credential), Some(signed_headers), Some(signature), Some(date)) =
        (credential, signed_headers, signature, date)
    else {
        return Err(incomplete(missing.trim_end()));
    };
    let session_token = head.header("x-amz-security-token").map(str::to_owned);
    claim(head, credential, signed_headers, signature, date, session_token, None)
}

/// `?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Expires=…&X-Amz-SignedHeaders=…&
/// X-Amz-Signature=…`
fn presigned(head: &Head, query: &Query) -> Result<Signature, Fault> {
    let algorithm = query.get("X-Amz-Algorithm").unwrap_or_default();
    if algorithm != ALGORITHM {
        return Err(incomplete(unsupported(algorithm)));
    }
    let mut missing = String::new();
    let mut get = |name: &str| {
        let value = query.get(name);
        if value.is_none() {
            missing.push_str(&format!("AWS query-string parameters must include '{name}'. "));
        }
        value.unwrap_or_default().to_owned()
    };
    let (credential, date) = (get("X-Amz-Credential"), get("X-Amz-Date"));
    let (signed_headers, signature) = (get("X-Amz-SignedHeaders"), get("X-Amz-Signature"));
    if !missing.is_empty() || query.repeated {
        return Err(incomplete(if query.repeated {
            "AWS query-string parameters must be unique."
        } else {
            missing.trim_end()
        }));
    }
    let expires = match query.get("X-Amz-Expires") {
        None => 300,
        Some(text) => match text.parse::<u64>() {
            Ok(seconds) if seconds <= LONGEST && text.bytes().all(|byte| byte.is_ascii_digit()) => seconds,
            _ => return Err(incomplete("X-Amz-Expires must be a number of seconds, at most 604800.")),
        },
    };
    let token = query.get("X-Amz-Security-Token").map(str::to_owned);
    claim(head, &credential, &signed_headers, &signature, date, token, Some(Duration::from_secs(expires)))
}

fn claim(
    head: &Head,
    credential: &str,
    signed_headers: &str,
    signature: &str,
    amz_date: String,
    session_token: Option<String>,
    expires: Option<Duration>,
) -> Result<Signature, Fault> {
    let scope: Vec<&str> = credential.split('/').collect();
    let [access_key_id, date, region, service, "aws4_request"] = scope[..] else {
        return Err(incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, and end with \
             'aws4_request'.",
        ));
    };
    if [access_key_id, date, region, service].iter().any(|part| part.is_empty() || part.len() > 128) {
        return Err(incomplete("Credential has an element that is empty or too long."));
    }
    let signed_at = NaiveDateTime::parse_from_str(&amz_date, "%Y%m%dT%H%M%SZ")
        .map(|time| Timestamp::from_micros(time.and_utc().timestamp_micros()))
        .map_err(|_| incomplete("Date must be in ISO-8601 'basic format'."))?;
    if !amz_date.starts_with(date) || date.len() != 8 {
        return Err(invalid(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{}', \
             from '{amz_date}'.",
            amz_date.get(..8).unwrap_or_default()
        )));
    }
    let signed_headers: Vec<String> = signed_headers.split(';').map(str::to_owned).collect();
    let legal = |name: &String| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if signed_headers.len() > MOST_HEADERS || !signed_headers.iter().all(legal) {
        return Err(incomplete("SignedHeaders must be names in lower case, separated by semicolons."));
    }
    let is_signed = |name: &str| signed_headers.iter().any(|signed| signed == name);
    if !is_signed("host") {
        return Err(invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    }
    // What decides what a request does must be signed, or whoever is in the middle could change it.
    for name in head.parts.headers.keys() {
        if name.as_str().starts_with("x-amz-") && !is_signed(name.as_str()) {
            return Err(invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
        }
    }
    let mut bytes = [0; 32];
    let lower = signature.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !lower || hex::decode_to_slice(signature, &mut bytes).is_err() {
        return Err(invalid("The signature is not 64 hexadecimal digits in lower case."));
    }
    Ok(Signature {
        access_key_id: access_key_id.to_owned(),
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        session_token,
        amz_date,
        signed_at,
        expires,
        signed_headers,
        signature: bytes,
    })
}

/// The time of a `Date` header in the form that is signed.
fn http_date(text: &str) -> Option<String> {
    let time = DateTime::parse_from_rfc2822(text).ok()?;
    Some(time.to_utc().format("%Y%m%dT%H%M%SZ").to_string())
}

fn incomplete(message: impl Into<String>) -> Fault {
    Fault::common(Common::IncompleteSignature, message)
}

fn unsupported(text: &str) -> String {
    let word: String = text.split(' ').next().unwrap_or_default().chars().take(40).collect();
    format!("Unsupported AWS 'algorithm': '{word}', only AWS4-HMAC-SHA256 is taken here.")
}

/// The parameters of a query that are about its signature.
struct Query {
    parameters: Vec<(String, String)>,
    repeated: bool,
}

impl Query {
    fn read(head: &Head) -> Self {
        let raw = head.parts.uri.query().unwrap_or_default();
        let mut parameters: Vec<(String, String)> = Vec::new();
        let mut repeated = false;
        for (name, value) in form_urlencoded::parse(raw.as_bytes()).filter(|(name, _)| name.starts_with("X-Amz-")) {
            repeated |= parameters.iter().any(|(known, _)| *known == name);
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Self { parameters, repeated }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
