//! The cookies with which clients stay with a target or a target group. They say which one and grant nothing: a client that
//! makes one up gets to a target that it could have got to anyway.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// Names the target.
pub(crate) const TARGET: &str = "AWSALB";

/// Names the target group.
pub(crate) const GROUP: &str = "AWSALBTG";

/// What stands for a name in a cookie: the same in every process, and not the name itself, which is an address.
pub(crate) fn token(name: &str) -> u64 {
    // FNV-1a. Two names of one group with the same token would share clients, no more.
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The token that a client sent.
pub(crate) fn read(headers: &HeaderMap, name: &str) -> Option<u64> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(its, _)| *its == name)?;
    u64::from_str_radix(value, 16).ok()
}

/// Lets a client send a token for a while.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, token: u64, duration: Duration) {
    let text = format!("{name}={token:016x}; Max-Age={}; Path=/; HttpOnly", duration.as_secs());
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_read_again() {
        let mut answer = HeaderMap::new();
        set(&mut answer, TARGET, token("10.0.0.1:80"), Duration::from_secs(60));
        let text = answer[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(text.ends_with("; Max-Age=60; Path=/; HttpOnly"), "{text}");
        let pair = text.split(';').next().unwrap();
        let mut request = HeaderMap::new();
        request.append(header::COOKIE, format!("a=b; {pair}; c=d").parse().unwrap());
        assert_eq!(read(&request, TARGET), Some(token("10.0.0.1:80")));
        assert_eq!(read(&request, GROUP), None);
        assert_ne!(token("10.0.0.1:80"), token("10.0.0.2:80"));
    }
}
