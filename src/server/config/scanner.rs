//! The settings of what looks into images.

use std::time::Duration;

use app::events::signature;
use app::scanning::{OtherScanner, Protocol};
use types::Secret;

use super::database::redact;
use super::problems::Problems;
use super::sources::Sources;
use super::url;
use super::validate::{fault, optional, read, time};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    BuiltIn,
    Harbor,
    Webhook,
}

/// Reads them; the inner none is the built-in scanner.
pub(super) fn read_all(sources: &Sources, problems: &mut Problems) -> Option<Option<OtherScanner>> {
    let kind = read(sources, "scanner", problems, |text| match text.to_ascii_lowercase().as_str() {
        "builtin" => Ok(Kind::BuiltIn),
        "harbor" => Ok(Kind::Harbor),
        "webhook" => Ok(Kind::Webhook),
        _ => Err(format!("'{text}' is none of builtin, harbor and webhook")),
    });
    let url = optional(sources, "scanner_url", problems, address);
    let authorization = optional(sources, "scanner_authorization", problems, authorization);
    let secret = optional(sources, "scanner_secret", problems, secret);
    let own = optional(sources, "scanner_registry_url", problems, url::base);
    let (second, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
    let timeout = time(sources, "scanner_timeout", problems, second..=day, "between 1s and 1d");
    // A malformed external URL was noted by whoever it is for.
    let external = optional(sources, "external_url", &mut Problems::default(), url::base).flatten();
    let (kind, url, authorization, secret) = (kind?, url?, authorization?, secret?);
    // Forgetting which scanner it is would otherwise leave the built-in one at work in silence.
    let mut idle = |key: &str, kinds: &str| {
        if sources.given(key).is_some() {
            fault(key, format_args!("has no effect unless WHARF_SCANNER is {kinds}"), problems);
        }
    };
    if kind == Kind::BuiltIn {
        idle("scanner_url", "harbor or webhook");
        idle("scanner_registry_url", "harbor or webhook");
    }
    if kind != Kind::Harbor {
        idle("scanner_authorization", "harbor");
    }
    if kind != Kind::Webhook {
        idle("scanner_secret", "webhook");
    }
    if kind == Kind::BuiltIn {
        return Some(None);
    }
    let mut needed = |key: &str, why: &str| fault(key, format_args!("must be set: {why}"), problems);
    if url.is_none() {
        needed("scanner_url", "the scanner is not built in");
    }
    let registry_url = own?.or(external);
    if registry_url.is_none() {
        needed("scanner_registry_url", "the scanner needs to know where the registry is, and there is no external URL");
    }
    if kind == Kind::Webhook && secret.is_none() {
        needed("scanner_secret", "messages to the scanner are signed");
    }
    let protocol = match (kind, secret) {
        (Kind::Webhook, secret) => Protocol::Webhook { secret: secret? },
        (_, _) => Protocol::Harbor { authorization },
    };
    Some(Some(OtherScanner { protocol, url: url?, registry_url: registry_url?, timeout: timeout? }))
}

fn address(text: &str) -> Result<String, String> {
    match text.bytes().all(|byte| byte.is_ascii_graphic()) && outbound::origin(text).is_some() {
        true => Ok(text.to_owned()),
        false => Err(format!("'{}' is not an address that begins with https:// or http://", redact(text))),
    }
}

/// What is wrong with a secret is told without it.
fn authorization(text: &str) -> Result<Secret, &'static str> {
    match text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        true => Ok(Secret::new(text)),
        false => Err("must be visible ASCII characters"),
    }
}

fn secret(text: &str) -> Result<Secret, &'static str> {
    match signature::is_secret(text) {
        true => Ok(Secret::new(text)),
        false => Err("is not whsec_ and 24 to 64 bytes in base64"),
    }
}
