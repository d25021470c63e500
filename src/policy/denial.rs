//! The sentence with which a refusal is explained to a client, as AWS words it. Clients and people search for these
//! texts, so they are imitated exactly (IAM user guide, "Troubleshoot access denied error messages").

use crate::decision::{Decision, Layer, Reason};
use crate::request::Request;

/// The message for a refused request; nothing for an allowed one. It names no policy: the caller may not be entitled
/// to know them.
pub fn denial_message(decision: &Decision, request: &Request) -> Option<String> {
    let Decision::Deny { reason } = decision else {
        return None;
    };
    let action = request.action;
    let why = match reason {
        // AWS has no text for a policy that it cannot read; to the client that is a policy that denies.
        Reason::Explicit(origin) => format!("with an explicit deny in {}", with_article(origin.layer)),
        Reason::Unreadable { layer, .. } => format!("with an explicit deny in {}", with_article(*layer)),
        Reason::Implicit(layer) => format!("because no {} allows the {action} action", name(*layer)),
        Reason::TooComplex => "because the policies are too complex to evaluate".to_owned(),
    };
    Some(format!("{} {why}", unexplained_denial(request)))
}

/// The message for a refused request that does not say why, for callers who may not know as much as whether the resource
/// exists.
pub fn unexplained_denial(request: &Request) -> String {
    let Request { principal, action, resource, .. } = request;
    let who = match principal.arn.as_str() {
        "" => principal.user_id.as_str(),
        arn => arn,
    };
    format!("User: {who} is not authorized to perform: {action} on resource: {resource}")
}

fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::Guard => "service control policy",
        Layer::Resource => "resource-based policy",
        Layer::Trust => "role trust policy",
        Layer::Identity => "identity-based policy",
        Layer::Boundary => "permissions boundary",
        Layer::Session => "session policy",
    }
}

fn with_article(layer: Layer) -> String {
    match layer {
        Layer::Identity => format!("an {}", name(layer)),
        Layer::Trust => format!("the {}", name(layer)),
        _ => format!("a {}", name(layer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::decision::{Grant, Origin};
    use crate::principal::Principal;

    #[test]
    fn refusals_read_as_on_aws() {
        let principal = Principal::root("111122223333");
        let context = Context::new();
        let resource = "arn:aws:ecr:us-east-1:111122223333:repository/app";
        let request = Request { principal: &principal, action: "ecr:PutImage", resource, context: &context };
        let message = |reason| denial_message(&Decision::Deny { reason }, &request).unwrap();
        let origin = |layer| Origin { layer, policy: "p".into(), statement: 0, sid: None };
        let start = format!(
            "User: arn:aws:iam::111122223333:root is not authorized to perform: ecr:PutImage on resource: {resource}"
        );
        let cases = [
            (Reason::Implicit(Layer::Identity), "because no identity-based policy allows the ecr:PutImage action"),
            (Reason::Implicit(Layer::Resource), "because no resource-based policy allows the ecr:PutImage action"),
            (Reason::Implicit(Layer::Boundary), "because no permissions boundary allows the ecr:PutImage action"),
            (Reason::Implicit(Layer::Session), "because no session policy allows the ecr:PutImage action"),
            (Reason::Implicit(Layer::Guard), "because no service control policy allows the ecr:PutImage action"),
            (Reason::Implicit(Layer::Trust), "because no role trust policy allows the ecr:PutImage action"),
            (Reason::Explicit(origin(Layer::Identity)), "with an explicit deny in an identity-based policy"),
            (Reason::Explicit(origin(Layer::Resource)), "with an explicit deny in a resource-based policy"),
            (Reason::Explicit(origin(Layer::Trust)), "with an explicit deny in the role trust policy"),
            (
                Reason::Unreadable { layer: Layer::Boundary, policy: "p".into() },
                "with an explicit deny in a permissions boundary",
            ),
        ];
        for (reason, end) in cases {
            assert_eq!(message(reason), format!("{start} {end}"));
        }
        assert_eq!(unexplained_denial(&request), start);
    }

    #[test]
    fn anonymous_callers_are_called_so_and_permission_has_no_message() {
        let principal = Principal::anonymous();
        let context = Context::new();
        let request = Request { principal: &principal, action: "ecr:BatchGetImage", resource: "*", context: &context };
        let refused = Decision::Deny { reason: Reason::Implicit(Layer::Resource) };
        let message = denial_message(&refused, &request).unwrap();
        assert!(message.starts_with("User: anonymous is not authorized to perform: ecr:BatchGetImage on resource: * "));
        assert_eq!(denial_message(&Decision::Allow { by: Grant::AccountRoot }, &request), None);
    }
}
