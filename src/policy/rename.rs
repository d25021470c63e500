//! Giving the principals of a document other names, in its text.

use crate::json::Node;

/// The text of a document with other names for those of its `AWS` principals that `rename` has one for. None if it has for
/// nobody there, or the text is no document. What else the document says stays, in its order; white space goes.
pub fn rename_principals(text: &str, rename: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut document = Node::parse(text).ok()?;
    let mut renamed = false;
    for statement in document.member_mut("Statement").into_iter().flat_map(Node::one_or_more_mut) {
        for element in ["Principal", "NotPrincipal"] {
            let principals = statement.member_mut(element).and_then(|element| element.member_mut("AWS"));
            for principal in principals.into_iter().flat_map(Node::one_or_more_mut) {
                if let Node::Text(name) = principal
                    && let Some(other) = rename(name)
                {
                    *name = other;
                    renamed = true;
                }
            }
        }
    }
    renamed.then(|| document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Document, Kind};

    #[test]
    fn principals_get_other_names_and_the_rest_stays() {
        let text = r#"{"Version": "2012-10-17", "Id": "arn:a", "Statement": [
            {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": "arn:a"}, "Action": "ecr:*"},
            {"Effect": "Deny", "NotPrincipal": {"Service": "arn:a", "AWS": ["arn:b", "arn:a"]}, "Action": "ecr:*",
             "Condition": {"StringEquals": {"aws:PrincipalArn": "arn:a", "n": [1.50, true, "\u00e9\"x"]}}},
            {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}]}"#;
        let renamed = rename_principals(text, |name| (name == "arn:a").then(|| "ID\"1".to_owned())).unwrap();
        let wanted = r#"{"Version":"2012-10-17","Id":"arn:a","Statement":[
            {"Sid":"a","Effect":"Allow","Principal":{"AWS":"ID\"1"},"Action":"ecr:*"},
            {"Effect":"Deny","NotPrincipal":{"Service":"arn:a","AWS":["arn:b","ID\"1"]},"Action":"ecr:*",
            "Condition":{"StringEquals":{"aws:PrincipalArn":"arn:a","n":[1.5,true,"é\"x"]}}},
            {"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}"#;
        let wanted: String = wanted.lines().map(str::trim).collect();
        assert_eq!(renamed, wanted);
        assert_eq!(rename_principals(text, |_| None), None);
        assert_eq!(rename_principals("{", |_| Some(String::new())), None);
    }

    #[test]
    fn a_renamed_document_is_read_as_before() {
        let text = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/anna"},"Action":"ecr:*"}}"#;
        let id = "AIDAQ4Z7EXAMPLEUSER01";
        let renamed = rename_principals(text, |_| Some(id.to_owned())).unwrap();
        let document = Document::parse(&renamed, Kind::Resource, 1000).unwrap();
        assert_eq!(document.principals().collect::<Vec<_>>(), [crate::NamedPrincipal::UniqueId(id)]);
    }
}
