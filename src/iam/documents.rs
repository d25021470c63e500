//! Policy documents: what is accepted, how long they may be, and how answers carry them.

use app::EntityKind;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use policy::{Document, Error as Fault, Flaw, Kind};

use crate::error::Error;
use crate::failures;

/// The longest document that is looked at, in bytes: what the API takes.
const LONGEST: usize = 256 << 10;

/// The characters that RFC 3986 leaves as they are.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How long a managed policy may be.
pub(crate) const MANAGED_POLICY_SIZE: usize = 6144;

/// How long a trust policy may be.
pub(crate) const TRUST_POLICY_SIZE: usize = 2048;

/// How long the inline policies of a user, group or role may be together.
pub(crate) fn inline_policies_size(kind: EntityKind) -> usize {
    match kind {
        EntityKind::User => 2048,
        EntityKind::Group => 5120,
        EntityKind::Role => 10_240,
    }
}

/// How long they may be together as they were sent, white space included: as much as AWS takes for one document.
pub(crate) const INLINE_POLICIES_LENGTH: usize = 131_072;

/// The length of a document as quotas count it: without white space.
pub(crate) fn size(document: &str) -> usize {
    document.chars().filter(|character| !character.is_whitespace()).count()
}

/// A document as answers carry it.
pub(crate) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}

/// Checks an identity policy.
pub(crate) fn check_policy(document: &str) -> Result<(), Error> {
    check(document, Kind::Identity).map(drop)
}

/// Reads and checks a trust policy.
pub(crate) fn check_trust_policy(text: &str) -> Result<Document, Error> {
    let document = check(text, Kind::Trust)?;
    if size(text) > TRUST_POLICY_SIZE {
        return Err(failures::quota("ACLSizePerRole", TRUST_POLICY_SIZE as u64));
    }
    Ok(document)
}

/// A policy names somebody who is not there.
pub(crate) fn unknown_principal(named: &str) -> Error {
    failures::malformed_policy(format!("Invalid principal in policy: \"AWS\":\"{named}\""))
}

fn check(document: &str, kind: Kind) -> Result<Document, Error> {
    Document::parse(document, kind, LONGEST).map_err(|fault| failures::malformed_policy(refusal(&fault, kind)))
}

/// IAM's text for what is wrong. Where it has only `Syntax errors in policy.` the reason follows.
fn refusal(fault: &Fault, kind: Kind) -> String {
    let flaw = match fault {
        Fault::NotJson(_) => return "This policy contains invalid Json".to_owned(),
        Fault::TooLong { .. } => return format!("Syntax errors in policy. ({fault})"),
        Fault::Invalid { flaw, .. } => flaw,
    };
    match flaw {
        Flaw::Syntax => format!("Syntax errors in policy. ({fault})"),
        Flaw::Version => "Policy document must be version 2012-10-17 or greater.".to_owned(),
        Flaw::SidCharacters => {
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular \
                                expression [A-Za-z0-9]*"
                .to_owned()
        }
        Flaw::SidTwice => "Statement IDs (SID) in a single policy must be unique.".to_owned(),
        Flaw::NoAction if kind == Kind::Trust => "Missing required field Action".to_owned(),
        Flaw::NoAction => "Policy statement must contain actions.".to_owned(),
        Flaw::NoResource => "Policy statement must contain resources.".to_owned(),
        Flaw::NoPrincipal => "Missing required field Principal".to_owned(),
        Flaw::PrincipalProhibited => "Policy document should not specify a principal.".to_owned(),
        Flaw::ResourceProhibited => "Has prohibited field Resource".to_owned(),
        Flaw::ActionForm => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned(),
        Flaw::ActionOfTrust => "AssumeRole policy may only specify STS AssumeRole actions.".to_owned(),
        Flaw::ResourceForm(text) => format!("Resource {text} must be in ARN format or \"*\"."),
        Flaw::PrincipalForm { kind, text } => format!("Invalid principal in policy: \"{kind}\":\"{text}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(document: &str) -> String {
        aws::Fault::from(check_policy(document).unwrap_err()).message().to_owned()
    }

    fn refused_trust(statement: &str) -> String {
        let document = format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{{{statement}}}]}}");
        aws::Fault::from(check_trust_policy(&document).unwrap_err()).message().to_owned()
    }

    #[test]
    fn refusals_have_the_texts_of_iam() {
        let cases = [
            ("{", "This policy contains invalid Json"),
            ("{\"Version\":\"2012-10-18\"}", "Policy document must be version 2012-10-17 or greater."),
            ("{}", "Syntax errors in policy. (document: has no Statement)"),
            (r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#, "Policy statement must contain actions."),
            (r#"{"Statement":{"Effect":"Allow","Action":"ecr:*"}}"#, "Policy statement must contain resources."),
            (
                r#"{"Statement":{"Effect":"Allow","Action":"ecr","Resource":"*"}}"#,
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"x"}}"#,
                "Resource x must be in ARN format or \"*\".",
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*","Principal":"*"}}"#,
                "Policy document should not specify a principal.",
            ),
        ];
        for (document, text) in cases {
            assert_eq!(refused(document), text, "{document}");
        }
    }

    #[test]
    fn refusals_of_trust_policies_have_the_texts_of_iam() {
        let cases = [
            (r#""Effect":"Allow","Action":"sts:AssumeRole""#, "Missing required field Principal"),
            (r#""Effect":"Allow","Principal":"*""#, "Missing required field Action"),
            (
                r#""Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*""#,
                "Has prohibited field Resource",
            ),
            (
                r#""Effect":"Allow","Principal":"*","Action":"ecr:*""#,
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
            (
                r#""Effect":"Allow","Principal":{"AWS":"anna"},"Action":"sts:AssumeRole""#,
                "Invalid principal in policy: \"AWS\":\"anna\"",
            ),
        ];
        for (statement, text) in cases {
            assert_eq!(refused_trust(statement), text, "{statement}");
        }
    }

    #[test]
    fn answers_carry_documents_as_rfc_3986_encodes_them() {
        assert_eq!(encoded("{\"a\": \"b-c.d_e~f/*\"}"), "%7B%22a%22%3A%20%22b-c.d_e~f%2F%2A%22%7D");
        assert_eq!(size("{ \"a\":\n\t1 }"), 7);
    }
}
