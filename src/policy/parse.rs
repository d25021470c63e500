//! From text to a document, refusing everything that evaluation would not honor exactly: unknown elements, unknown
//! condition operators, elements in documents where they mean nothing. An ignored element is how a `Deny` gets lost.

use std::sync::Arc;

use crate::condition;
use crate::document::{Document, Effect, Kind, Selection, Statement, Version};
use crate::error::{Flaw, Result};
use crate::json::Node;
use crate::pattern::{Pattern, Wildcards};
use crate::place::{Place, Shown};
use crate::principal_set::PrincipalSet;

/// Reads a document of a kind.
pub(crate) fn document(text: &str, kind: Kind) -> Result<Document> {
    let node = Node::parse(text)?;
    let place = Place::Root;
    let (mut version, mut id, mut body) = (Version::default(), None, None);
    for (name, node) in node.object(&place)? {
        let place = place.member(name);
        match name.as_str() {
            "Version" => version = read_version(node, &place)?,
            "Id" => id = Some(node.text(&place)?.to_owned()),
            "Statement" => body = Some(node),
            _ => return Err(place.error("is not an element of a policy")),
        }
    }
    let body = body.ok_or_else(|| place.error("has no Statement"))?;
    let place = place.member("Statement");
    let nodes = body.one_or_more(&place)?;
    let mut statements: Vec<Statement> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        statements.push(match body {
            Node::List(_) => statement(node, kind, version, &place.element(index))?,
            _ => statement(node, kind, version, &place)?,
        });
    }
    if kind != Kind::Resource {
        check_sids(&statements, &place)?;
    }
    Ok(Document { kind, version, id, statements: Ok(statements) })
}

fn read_version(node: &Node, place: &Place) -> Result<Version> {
    match node.text(place)? {
        "2012-10-17" => Ok(Version::V2012),
        "2008-10-17" => Ok(Version::V2008),
        other => Err(place.flaw(Flaw::Version, format!("must be 2012-10-17 or 2008-10-17, not {}", Shown(other)))),
    }
}

/// IAM wants statement ids to be alphanumeric and unique; ECR does not care, and policies in use rely on that.
fn check_sids(statements: &[Statement], place: &Place) -> Result<()> {
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let Some(sid) = statement.sid.as_deref() else { continue };
        if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let place = place.element(index);
            return Err(place.member("Sid").flaw(Flaw::SidCharacters, "must consist of letters and digits"));
        }
        if !sid.is_empty() {
            seen.push((sid, index));
        }
    }
    seen.sort_unstable();
    match seen.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => {
            let place = place.element(pair[1].1);
            Err(place.member("Sid").flaw(Flaw::SidTwice, "is used by another statement"))
        }
        None => Ok(()),
    }
}

fn statement(node: &Node, kind: Kind, version: Version, place: &Place) -> Result<Statement> {
    let (mut sid, mut effect, mut principal, mut action, mut resource) = (None, None, None, None, None);
    let mut conditions = Vec::new();
    for (name, node) in node.object(place)? {
        let inner = place.member(name);
        match name.as_str() {
            "Sid" => sid = Some(Arc::from(node.text(&inner)?)),
            "Effect" => effect = Some(read_effect(node, &inner)?),
            "Principal" | "NotPrincipal" => {
                once(principal.is_some(), &inner)?;
                principal = Some(select(name, PrincipalSet::parse(node, &inner)?));
            }
            "Action" | "NotAction" => {
                once(action.is_some(), &inner)?;
                action = Some(select(name, actions(node, kind, &inner)?));
            }
            "Resource" | "NotResource" => {
                once(resource.is_some(), &inner)?;
                resource = Some(select(name, resources(node, version, &inner)?));
            }
            "Condition" => conditions = condition::parse(node, version, &inner)?,
            _ => return Err(inner.error("is not an element of a statement")),
        }
    }
    let effect = effect.ok_or_else(|| place.error("has no Effect"))?;
    let action = action.ok_or_else(|| place.flaw(Flaw::NoAction, "has no Action"))?;
    match (kind, &principal) {
        (Kind::Identity, Some(_)) => {
            let problem = "must not have a Principal in an identity-based policy";
            return Err(place.flaw(Flaw::PrincipalProhibited, problem));
        }
        (Kind::Resource | Kind::Trust, None) => return Err(place.flaw(Flaw::NoPrincipal, "has no Principal")),
        (Kind::Trust, Some(Selection::AllBut(_))) => {
            return Err(place.error("must not have NotPrincipal in a trust policy"));
        }
        // AWS does not support it either: such a statement would allow anonymous callers as well.
        (_, Some(Selection::AllBut(_))) if effect == Effect::Allow => {
            return Err(place.error("must not combine NotPrincipal with Allow"));
        }
        _ => {}
    }
    match (kind, &resource) {
        (Kind::Identity, None) => return Err(place.flaw(Flaw::NoResource, "has no Resource")),
        (Kind::Trust, Some(_)) => {
            return Err(place.flaw(Flaw::ResourceProhibited, "must not have a Resource in a trust policy"));
        }
        _ => {}
    }
    Ok(Statement { sid, effect, principal, action, resource, conditions })
}

fn once(already: bool, place: &Place) -> Result<()> {
    if already { Err(place.error("cannot stand beside its opposite in one statement")) } else { Ok(()) }
}

fn select<T>(name: &str, value: T) -> Selection<T> {
    if name.starts_with("Not") { Selection::AllBut(value) } else { Selection::Only(value) }
}

fn read_effect(node: &Node, place: &Place) -> Result<Effect> {
    match node.text(place)? {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(place.error(format!("must be Allow or Deny, not {}", Shown(other)))),
    }
}

fn actions(node: &Node, kind: Kind, place: &Place) -> Result<Vec<Pattern>> {
    let compile = |text: &str| {
        let named = text.split_once(':').is_some_and(|(service, name)| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (service == "*" || (!service.is_empty() && service.bytes().all(plain)))
                && !name.is_empty()
                && name.bytes().all(|byte| plain(byte) || b"*?_".contains(&byte))
        });
        if text != "*" && !named {
            return Err(place.flaw(Flaw::ActionForm, format!("must be * or service:action, not {}", Shown(text))));
        }
        // Whoever it is attached to can be assumed and nothing else.
        let of_sts = text.split_once(':').is_some_and(|(service, _)| service.eq_ignore_ascii_case("sts"));
        if kind == Kind::Trust && !of_sts {
            return Err(place.flaw(Flaw::ActionOfTrust, format!("must be an action of STS, not {}", Shown(text))));
        }
        // An action has no variables, whatever the version.
        Pattern::compile(text, Wildcards::Across, true, Version::V2008, place)
    };
    node.texts(place)?.into_iter().map(compile).collect()
}

fn resources(node: &Node, version: Version, place: &Place) -> Result<Vec<Pattern>> {
    let mut patterns = Vec::new();
    for text in node.texts(place)? {
        if text != "*" && !text.starts_with("arn:") {
            let flaw = Flaw::ResourceForm(text.to_owned());
            return Err(place.flaw(flaw, format!("must be * or an ARN, not {}", Shown(text))));
        }
        let pattern = Pattern::compile(text, Wildcards::Resource, false, version, place)?;
        patterns.extend(pattern.completed());
        patterns.push(pattern);
    }
    Ok(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    const ALLOW: &str = r#""Effect":"Allow","Action":"ecr:*","Resource":"*""#;

    fn problem(text: &str, kind: Kind) -> String {
        Document::parse(text, kind, 10_240).unwrap_err().to_string()
    }

    fn statement_problem(members: &str, kind: Kind) -> String {
        problem(&format!(r#"{{"Version":"2012-10-17","Statement":[{{{members}}}]}}"#), kind)
    }

    #[test]
    fn one_statement_may_stand_without_a_list() {
        let one = Document::parse(&format!(r#"{{"Statement":{{{ALLOW}}}}}"#), Kind::Identity, 1000).unwrap();
        let list = Document::parse(&format!(r#"{{"Statement":[{{{ALLOW}}}]}}"#), Kind::Identity, 1000).unwrap();
        assert_eq!(one, list);
        assert_eq!(one.version(), Version::V2008);
    }

    #[test]
    fn errors_name_the_place() {
        let cases = [
            (r#""Effect":"Allow""#, "Statement[0]: has no Action"),
            (r#""Action":"ecr:*","Resource":"*""#, "Statement[0]: has no Effect"),
            (r#""Effect":"Allow","Action":"ecr:*""#, "Statement[0]: has no Resource"),
            (r#""Effect":"allow""#, "Statement[0].Effect: must be Allow or Deny, not allow"),
            (r#""Effect":true"#, "Statement[0].Effect: must be a string, not a boolean"),
            (r#""Effekt":"Allow""#, "Statement[0].Effekt: is not an element of a statement"),
            (r#""Action":[]"#, "Statement[0].Action: must not be an empty list"),
            (r#""Action":["ecr:Get",1]"#, "Statement[0].Action[1]: must be a string, not a number"),
            (r#""Action":"PutImage""#, "Statement[0].Action: must be * or service:action, not PutImage"),
            (r#""Action":"ec*:PutImage""#, "Statement[0].Action: must be * or service:action, not ec*:PutImage"),
            (r#""Resource":"repository/x""#, "Statement[0].Resource: must be * or an ARN, not repository/x"),
            (
                r#""Action":"ecr:*","NotAction":"ecr:*""#,
                "Statement[0].NotAction: cannot stand beside its opposite in one statement",
            ),
            (
                r#""Resource":"arn:aws:ecr:::${aws:username""#,
                "Statement[0].Resource: has a policy variable without its closing brace",
            ),
            (
                r#""Effect":"Allow","Action":"*","Resource":"*","Principal":"*""#,
                "Statement[0]: must not have a Principal in an identity-based policy",
            ),
            (
                r#""Sid":"a b","Effect":"Allow","Action":"*","Resource":"*""#,
                "Statement[0].Sid: must consist of letters and digits",
            ),
        ];
        for (members, expected) in cases {
            assert_eq!(statement_problem(members, Kind::Identity), expected, "{members}");
        }
    }

    #[test]
    fn the_outside_of_a_document_is_checked() {
        let cases = [
            ("[]".to_owned(), "document: must be an object, not a list"),
            ("{}".to_owned(), "document: has no Statement"),
            (r#"{"Statement":[]}"#.to_owned(), "Statement: must not be an empty list"),
            (r#"{"Statement":"x"}"#.to_owned(), "Statement: must be an object, not a string"),
            (r#"{"Statement":[[]]}"#.to_owned(), "Statement[0]: must be an object, not a list"),
            (r#"{"Version":"2012-10-18"}"#.to_owned(), "Version: must be 2012-10-17 or 2008-10-17, not 2012-10-18"),
            (r#"{"Version":20121017}"#.to_owned(), "Version: must be a string, not a number"),
            (r#"{"Comment":""}"#.to_owned(), "Comment: is not an element of a policy"),
            (r#"{"Id":null}"#.to_owned(), "Id: must be a string, not null"),
            (format!(r#"{{"Statement":[{{{ALLOW},"Effect":"Deny"}}]}}"#), "Statement[0].Effect: is given twice"),
            (
                format!(r#"{{"Statement":[{{"Sid":"A",{ALLOW}}},{{"Sid":"A",{ALLOW}}}]}}"#),
                "Statement[1].Sid: is used by another statement",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(problem(&text, Kind::Identity), expected, "{text}");
        }
        let long = format!(r#"{{"Statement":[{{{ALLOW}}}]}}{}"#, " ".repeat(10_240));
        assert_eq!(
            Document::parse(&long, Kind::Identity, 10_240),
            Err(Error::TooLong { length: long.len(), limit: 10_240 })
        );
    }

    #[test]
    fn resource_policies_need_a_principal_and_no_resource() {
        let parse = |members: &str| {
            let text = format!(r#"{{"Statement":[{{"Effect":"Allow","Action":"ecr:*",{members}}}]}}"#);
            Document::parse(&text, Kind::Resource, 10_240)
        };
        assert!(parse(r#""Principal":"*""#).is_ok());
        assert!(parse(r#""Principal":"*","Resource":"*","Sid":"new statement""#).is_ok());
        assert_eq!(parse(r#""Resource":"*""#).unwrap_err().to_string(), "Statement[0]: has no Principal");
        assert_eq!(
            parse(r#""NotPrincipal":"*""#).unwrap_err().to_string(),
            "Statement[0]: must not combine NotPrincipal with Allow"
        );
    }

    #[test]
    fn trust_policies_have_no_resource() {
        let members = r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}"#;
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{{{members}}}]}}"#);
        assert!(Document::parse(&text, Kind::Trust, 2048).is_ok());
        assert_eq!(
            statement_problem(&format!(r#"{members},"Resource":"*""#), Kind::Trust),
            "Statement[0]: must not have a Resource in a trust policy"
        );
    }

    #[test]
    fn a_stored_document_that_cannot_be_read_says_why() {
        let document = Document::from_stored(r#"{"Statement":[{"Effect":"Permit"}]}"#, Kind::Identity);
        assert_eq!(document.fault().unwrap().to_string(), "Statement[0].Effect: must be Allow or Deny, not Permit");
    }
}
