//! JSON as a tree that still knows its duplicate members. serde_json's own `Value` keeps the last of two equal names,
//! which would let a document show one statement to a reviewer and mean another.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, Result};
use crate::place::Place;

/// A policy needs six levels: document, statements, statement, condition, operator, values.
const MAX_DEPTH: usize = 8;

/// A JSON value; the members of an object are in the order of the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as text: that is what conditions compare.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads one JSON value and nothing after it. Refuses duplicate member names and deep nesting anywhere.
    pub(crate) fn parse(text: &str) -> Result<Node> {
        let node: Node = serde_json::from_str(text).map_err(|error| Error::NotJson(error.to_string()))?;
        check(&node, &Place::Root, 1)?;
        Ok(node)
    }

    /// What this is, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Bool(_) => "a boolean",
            Node::Number(_) => "a number",
            Node::Text(_) => "a string",
            Node::List(_) => "a list",
            Node::Object(_) => "an object",
        }
    }

    /// The string here, or an error.
    pub(crate) fn text(&self, place: &Place) -> Result<&str> {
        match self {
            Node::Text(text) => Ok(text),
            other => Err(place.error(format!("must be a string, not {}", other.describe()))),
        }
    }

    /// The members here, or an error.
    pub(crate) fn object(&self, place: &Place) -> Result<&[(String, Node)]> {
        match self {
            Node::Object(members) => Ok(members),
            other => Err(place.error(format!("must be an object, not {}", other.describe()))),
        }
    }

    /// The member of that name, if this is an object that has it.
    pub(crate) fn member_mut(&mut self, name: &str) -> Option<&mut Node> {
        match self {
            Node::Object(members) => members.iter_mut().find(|(own, _)| own == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Like [`Node::one_or_more`], whatever this is.
    pub(crate) fn one_or_more_mut(&mut self) -> &mut [Node] {
        match self {
            Node::List(nodes) => nodes,
            other => std::slice::from_mut(other),
        }
    }

    /// The elements of a list, or one value as a list of one: IAM allows both nearly everywhere. Never empty.
    pub(crate) fn one_or_more(&self, place: &Place) -> Result<&[Node]> {
        match self {
            Node::List(nodes) if nodes.is_empty() => Err(place.error("must not be an empty list")),
            Node::List(nodes) => Ok(nodes),
            other => Ok(std::slice::from_ref(other)),
        }
    }

    /// Like [`Node::one_or_more`], for strings.
    pub(crate) fn texts(&self, place: &Place) -> Result<Vec<&str>> {
        let nodes = self.one_or_more(place)?;
        match self {
            Node::List(_) => nodes.iter().enumerate().map(|(index, node)| node.text(&place.element(index))).collect(),
            _ => Ok(vec![self.text(place)?]),
        }
    }
}

/// The JSON of it, without white space.
impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| serde_json::to_string(text).map_err(|_| fmt::Error);
        match self {
            Node::Null => formatter.write_str("null"),
            Node::Bool(value) => write!(formatter, "{value}"),
            Node::Number(number) => formatter.write_str(number),
            Node::Text(value) => formatter.write_str(&text(value)?),
            Node::List(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    write!(formatter, "{}{node}", if index == 0 { "[" } else { "," })?;
                }
                formatter.write_str(if nodes.is_empty() { "[]" } else { "]" })
            }
            Node::Object(members) => {
                for (index, (name, node)) in members.iter().enumerate() {
                    write!(formatter, "{}{}:{node}", if index == 0 { "{" } else { "," }, text(name)?)?;
                }
                formatter.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

fn check(node: &Node, place: &Place, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(place.error("is nested too deeply"));
    }
    match node {
        Node::List(nodes) => {
            nodes.iter().enumerate().try_for_each(|(index, node)| check(node, &place.element(index), depth + 1))
        }
        Node::Object(members) => {
            // Sorting keeps this linear enough for a document that is one object with ten thousand members.
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(place.member(pair[0]).error("is given twice"));
            }
            members.iter().try_for_each(|(name, node)| check(node, &place.member(name), depth + 1))
        }
        _ => Ok(()),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> std::result::Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = access.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> std::result::Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Node::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn duplicate_members_are_refused_with_their_place() {
        assert_eq!(problem(r#"{"a":1,"b":2,"a":3}"#), "a: is given twice");
        assert_eq!(problem(r#"{"s":[{},{"c":{"x":1,"x":1}}]}"#), "s[1].c.x: is given twice");
        // The names are compared after decoding: an escape cannot hide a duplicate.
        assert_eq!(problem(r#"{"Effect":1,"\u0045ffect":2}"#), "Effect: is given twice");
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Node::parse(&deep(MAX_DEPTH - 1)).is_ok());
        assert!(problem(&deep(MAX_DEPTH)).ends_with("is nested too deeply"));
        assert!(problem(&deep(100_000)).contains("recursion limit"));
    }

    #[test]
    fn only_one_value_is_accepted() {
        for text in ["", " ", "{", "{}{}", "{} x", "\u{feff}{}", "{'a':1}", "{\"a\":1,}", "nul", "01", "\"\u{1}\""] {
            assert!(matches!(Node::parse(text), Err(Error::NotJson(_))), "{text:?}");
        }
    }

    #[test]
    fn numbers_keep_their_text() {
        assert_eq!(Node::parse("10").unwrap(), Node::Number("10".into()));
        assert_eq!(Node::parse("-2.50").unwrap(), Node::Number("-2.5".into()));
        assert_eq!(Node::parse("18446744073709551615").unwrap(), Node::Number("18446744073709551615".into()));
    }
}
