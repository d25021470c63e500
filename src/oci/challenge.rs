//! The `WWW-Authenticate` header: how a client is told to log in.

use http::HeaderValue;

use crate::Config;
use crate::origin::Origin;

/// Where tokens are issued.
pub(crate) const TOKEN_PATH: &str = "/token";

/// Which of the two ways clients are told. Both are always accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// Fetch a token and present it. Clients without credentials get an anonymous token this way, so public
    /// repositories can be pulled without a login.
    Bearer,
    /// Send name and password with each request, as ECR has it.
    Basic,
}

/// Why a request that came with credentials is challenged again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It came with none.
    Absent,
    /// They are not valid.
    Invalid,
    /// They name nobody who may.
    Insufficient,
}

/// The value of the header. Exactly one line is sent: several clients read only the first.
pub(crate) fn header(config: &Config, origin: &Origin, scope: Option<&str>, why: Why) -> HeaderValue {
    let base = base_url(config, origin);
    let host = base.split("://").nth(1).unwrap_or(&base);
    let text = match config.challenge {
        Challenge::Basic => format!("Basic realm=\"{base}/\",service=\"{host}\""),
        Challenge::Bearer => {
            let mut text = format!("Bearer realm=\"{base}{TOKEN_PATH}\",service=\"{host}\"");
            if let Some(scope) = scope {
                text.push_str(&format!(",scope=\"{scope}\""));
            }
            match why {
                Why::Absent => {}
                Why::Invalid => text.push_str(",error=\"invalid_token\""),
                Why::Insufficient => text.push_str(",error=\"insufficient_scope\""),
            }
            text
        }
    };
    HeaderValue::from_str(&text).expect("hosts and names hold only visible ASCII")
}

/// The address of this registry as its clients write it.
pub(crate) fn base_url(config: &Config, origin: &Origin) -> String {
    config.external_url.clone().unwrap_or_else(|| {
        let scheme = if origin.secure { "https" } else { "http" };
        format!("{scheme}://{}", origin.host.as_deref().unwrap_or("localhost"))
    })
}
