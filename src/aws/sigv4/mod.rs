//! Signature Version 4 of a request, as the server sees it: what the client claims, what it must have signed, and whether
//! the signature fits a secret. Both forms are read: the `Authorization` header and the presigned query.
//!
//! It is our own because no crate verifies: those that exist sign. What is signed is taken from the request as it came,
//! whichever header fields the client chose, so the set that an SDK signs does not matter.

mod canonical;
mod claim;
mod keys;
#[cfg(test)]
mod recorded;
mod sign;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;

use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use types::{Secret, Timestamp};

pub use self::keys::SigningKeys;
pub use self::sign::{Credentials, sign};
use crate::{Common, Fault, Head};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a client's clock may be off.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// A signature with what it claims. Nothing of it is proven before [`Signature::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Whose key.
    pub access_key_id: String,
    /// The day of the scope, `20150830`.
    pub date: String,
    /// The region of the scope.
    pub region: String,
    /// The service of the scope.
    pub service: String,
    /// What a temporary key comes with.
    pub session_token: Option<String>,
    /// The time of the signature as it was signed.
    amz_date: String,
    signed_at: Timestamp,
    /// For how long a presigned address is good; none for the header form.
    expires: Option<Duration>,
    signed_headers: Vec<String>,
    signature: [u8; 32],
}

impl Signature {
    /// Reads the signature of a request. None if there is none at all.
    pub fn read(head: &Head) -> Result<Option<Self>, Fault> {
        claim::read(head)
    }

    /// Whether it was signed for this service: a signature for one is no signature for another.
    pub fn check_service(&self, service: &str) -> Result<(), Fault> {
        if self.service == service {
            return Ok(());
        }
        Err(invalid(format!("Credential should be scoped to correct service: '{service}'. ")))
    }

    /// Whether it is neither too old nor from the future.
    pub fn check_time(&self, now: Timestamp) -> Result<(), Fault> {
        let age = self.expires.unwrap_or(SKEW);
        if self.signed_at < now.before(age) {
            let (earliest, now) = (basic(now.before(age)), basic(now));
            let window = age.as_secs() / 60;
            return Err(invalid(format!(
                "Signature expired: {} is now earlier than {earliest} ({now} - {window} min.)",
                self.amz_date
            )));
        }
        if self.signed_at > now.after(SKEW) {
            let (latest, now) = (basic(now.after(SKEW)), basic(now));
            return Err(invalid(format!(
                "Signature not yet current: {} is still later than {latest} ({now} + 5 min.)",
                self.amz_date
            )));
        }
        Ok(())
    }

    /// Whether the request was signed with this secret, body included.
    pub fn verify(&self, head: &Head, body: &Bytes, secret: &Secret, keys: &SigningKeys) -> Result<(), Fault> {
        let mismatch = || {
            invalid(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            )
        };
        let payload = hex::encode(Sha256::digest(body));
        // It is a header field like others and may be signed as one; what counts is the body that came.
        if head.parts.headers.get_all("x-amz-content-sha256").iter().any(|claimed| *claimed != payload.as_str()) {
            return Err(mismatch());
        }
        let key = keys.get(self, secret);
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        // Behind a proxy that a client does not see, the host that it signed is the one that it wrote.
        let sent = head.parts.headers.get("host").map(|host| host.as_bytes());
        let seen = head.host.as_deref().map(str::as_bytes);
        let mut hosts: Vec<&[u8]> = sent.into_iter().chain(seen).collect();
        hosts.dedup();
        for host in hosts {
            let request = canonical::request(&head.parts, host, &self.signed_headers, self.expires.is_some(), &payload);
            let hash = hex::encode(Sha256::digest(request));
            let string_to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{hash}", self.amz_date);
            if bool::from(hmac(&key, string_to_sign.as_bytes()).ct_eq(&self.signature)) {
                return Ok(());
            }
        }
        Err(mismatch())
    }
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::common(Common::InvalidSignature, message)
}

/// `20150830T123600Z`.
fn basic(time: Timestamp) -> String {
    time.rfc3339().replace(['-', ':'], "")
}
