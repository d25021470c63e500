//! The base URLs in settings: scheme, host and port, and nothing else.

use http::Uri;

/// Reads `http://HOST[:PORT]` or `https://…` and returns it without a slash at its end.
pub(crate) fn base(text: &str) -> Result<String, String> {
    let refusal = |why: &str| format!("'{}' {why}", super::database::redact(text));
    let uri: Uri = text.parse().map_err(|_| refusal("is not a URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refusal("does not begin with http:// or https://"));
    };
    if scheme != "http" && scheme != "https" {
        return Err(refusal("does not begin with http:// or https://"));
    }
    if authority.as_str().contains('@') {
        return Err(refusal("must not contain a login"));
    }
    if authority.host().is_empty() || authority.as_str().ends_with(':') {
        return Err(refusal("is not a URL"));
    }
    // Clients always ask for /v2/ at the root of the host (OCI distribution specification, end-1).
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
        return Err(refusal("must end after the host and port"));
    }
    Ok(format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_host_and_port_are_kept() {
        assert_eq!(base("https://registry.example.com/").as_deref(), Ok("https://registry.example.com"));
        assert_eq!(base("http://[::1]:9000").as_deref(), Ok("http://[::1]:9000"));
    }

    #[test]
    fn anything_more_is_refused() {
        for text in
            ["", "registry", "ftp://h", "https://h/v2", "https://h?x=1", "https://u:hunter2@h", "https://h:", "//h"]
        {
            let refusal = base(text).unwrap_err();
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }
}
