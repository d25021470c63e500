//! What an agent reads whose connection is refused: one member, named by the exception, with its text. Agents know a handful
//! of exceptions and what to do after each; any other name is a failure to try again after.

use aws::{Fault, Protocol};
use http::StatusCode;
use serde_json::json;

/// The body of the refusal.
pub fn refusal(fault: &Fault) -> String {
    json!({ exception(fault): fault.message() }).to_string()
}

fn exception(fault: &Fault) -> &'static str {
    let protocol = Protocol::Json { target: "" };
    match fault.code(&protocol) {
        "ClusterNotFoundException" => "InvalidClusterException",
        code @ ("InactiveInstanceException" | "AccessDeniedException") => code,
        _ if fault.is_denial() => "AccessDeniedException",
        _ if fault.status(&protocol) >= StatusCode::INTERNAL_SERVER_ERROR => "ServerException",
        _ => "BadRequestException",
    }
}

#[cfg(test)]
mod tests {
    use aws::Common;

    use super::*;
    use crate::error::Error;

    #[test]
    fn refusals_have_the_names_that_agents_know() {
        for (fault, expected) in [
            (Fault::from(Error::ClusterNotFound), r#"{"InvalidClusterException":"Cluster not found."}"#),
            (Fault::new("InactiveInstanceException", "gone"), r#"{"InactiveInstanceException":"gone"}"#),
            (Fault::common(Common::AccessDenied, "no"), r#"{"AccessDeniedException":"no"}"#),
            (Fault::common(Common::ExpiredToken, "old"), r#"{"AccessDeniedException":"old"}"#),
            (
                Fault::new("InvalidParameterException", "Identifier is invalid."),
                r#"{"BadRequestException":"Identifier is invalid."}"#,
            ),
            (Fault::common(Common::ServiceUnavailable, "later"), r#"{"ServerException":"later"}"#),
        ] {
            assert_eq!(refusal(&fault), expected);
        }
    }
}
