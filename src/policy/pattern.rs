//! Patterns of actions, resources and condition values: compiled once when a document is parsed, with their wildcards
//! and policy variables. How a compiled pattern is run is in `glob`.

use crate::document::Version;
use crate::error::Result;
use crate::glob::{self, FIELD, Token};
use crate::place::{Place, Shown};
use crate::request::Scope;

/// An ARN has six fields; the sixth may contain further colons.
const ARN_FIELDS: usize = 6;

/// What `*` and `?` mean in a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wildcards {
    /// Nothing: they are ordinary characters (`StringEquals`).
    None,
    /// Any characters at all (`StringLike`, actions).
    Across,
    /// As in the element `Resource`: within the first five fields of an ARN a wildcard stays in its field, except a
    /// `*` that ends it, which may reach beyond. `arn:aws:ecr:*` so covers all of ECR.
    Resource,
}

/// A policy variable: `${key}` or `${key, 'default'}`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Variable {
    /// As it is written.
    name: String,
    /// In lower case.
    key: String,
    default: Option<String>,
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
    variables: Vec<Variable>,
    /// The text itself, when it has neither wildcards nor variables: comparing bytes is the common case.
    exact: Option<String>,
    fold: bool,
}

impl Pattern {
    /// Compiles a pattern. With `fold` it ignores case: the text to match must then have gone through [`fold`] too.
    pub(crate) fn compile(
        text: &str,
        wildcards: Wildcards,
        fold: bool,
        version: Version,
        place: &Place,
    ) -> Result<Self> {
        let mut pattern = Self { tokens: Vec::new(), variables: Vec::new(), exact: None, fold };
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if version.has_variables() && rest.starts_with("${") {
                let end =
                    rest.find('}').ok_or_else(|| place.error("has a policy variable without its closing brace"))?;
                pattern.variable(&rest[2..end], place)?;
                rest = &rest[end + 1..];
                continue;
            }
            match character {
                '*' if wildcards != Wildcards::None => pattern.tokens.push(Token::Many),
                '?' if wildcards != Wildcards::None => pattern.tokens.push(Token::One),
                _ => pattern.literal(&rest[..character.len_utf8()]),
            }
            rest = &rest[character.len_utf8()..];
        }
        if wildcards == Wildcards::Resource {
            pattern.bind_to_fields();
        }
        pattern.tokens.dedup_by(|second, first| *second == Token::Many && *first == Token::Many);
        let literal = |token: &Token| match token {
            Token::Char(character) => Some(*character),
            _ => None,
        };
        pattern.exact = pattern.tokens.iter().map(literal).collect();
        Ok(pattern)
    }

    /// Whether this is a lone `*`.
    pub(crate) fn is_any(&self) -> bool {
        self.tokens == [Token::Many]
    }

    /// The condition keys that its variables stand for, as they are written.
    pub(crate) fn context_keys(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|variable| variable.name.as_str())
    }

    /// Whether the text has the six fields of an ARN; unknown while it has variables, which may hold colons.
    pub(crate) fn may_be_arn(&self) -> bool {
        !self.variables.is_empty() || arn_fields(&self.tokens).is_some()
    }

    /// Whether a text matches; nothing when a variable of the pattern has no single value in this request.
    pub(crate) fn matches(&self, text: &str, scope: &Scope) -> Option<bool> {
        if let Some(exact) = &self.exact {
            return Some(scope.meter.step() && exact == text);
        }
        if self.variables.is_empty() {
            return Some(glob::matches(&self.tokens, text, &scope.meter));
        }
        Some(glob::matches(&self.resolve(scope)?, text, &scope.meter))
    }

    /// Whether an ARN matches field by field, as the `Arn` operators compare: no wildcard reaches across a colon of
    /// the first five. Nothing when either side is not an ARN, or a variable has no single value.
    pub(crate) fn matches_arn(&self, text: &str, scope: &Scope) -> Option<bool> {
        let resolved;
        let tokens = if self.variables.is_empty() {
            &self.tokens
        } else {
            resolved = self.resolve(scope)?;
            &resolved
        };
        let fields: Vec<&str> = text.splitn(ARN_FIELDS, ':').collect();
        if fields.len() < ARN_FIELDS || fields[0] != "arn" {
            return None;
        }
        if self.is_any() {
            return Some(true);
        }
        let patterns = arn_fields(tokens)?;
        Some(patterns.iter().zip(fields).all(|(tokens, field)| glob::matches(tokens, field, &scope.meter)))
    }

    fn literal(&mut self, text: &str) {
        push_literal(&mut self.tokens, text, self.fold);
    }

    fn variable(&mut self, text: &str, place: &Place) -> Result<()> {
        // The three escapes stand for the characters themselves.
        if let "*" | "?" | "$" = text {
            self.literal(text);
            return Ok(());
        }
        let (key, default) = match text.split_once(',') {
            None => (text, None),
            Some((key, default)) => {
                let default = default.trim().strip_prefix('\'').and_then(|default| default.strip_suffix('\''));
                let default = default.filter(|default| !default.contains('\''));
                let problem = "has a policy variable whose default is not in single quotes";
                (key, Some(default.ok_or_else(|| place.error(problem))?))
            }
        };
        let key = key.trim();
        if key.is_empty() || key.contains(['$', '{', '\'', '*', '?']) {
            return Err(place.error(format!("has a policy variable without a valid name: {}", Shown(text))));
        }
        let number = u16::try_from(self.variables.len()).map_err(|_| place.error("has too many policy variables"))?;
        let default = default.map(str::to_owned);
        self.variables.push(Variable { name: key.to_owned(), key: key.to_lowercase(), default });
        self.tokens.push(Token::Variable(number));
        Ok(())
    }

    /// For an ARN with fewer than six fields, the pattern with a `*` for each missing one: `arn:aws:ecr` means all of
    /// ECR, as on AWS. A pattern that ends in `*` reaches that far by itself.
    pub(crate) fn completed(&self) -> Option<Self> {
        let fields = self.tokens.iter().filter(|token| **token == Token::Char(FIELD)).count() + 1;
        if fields >= ARN_FIELDS || self.tokens.last() == Some(&Token::Many) {
            return None;
        }
        let mut completed = Self { exact: None, ..self.clone() };
        for _ in fields..ARN_FIELDS {
            completed.tokens.extend([Token::Char(FIELD), Token::Many]);
        }
        Some(completed)
    }

    /// Turns wildcards into those of [`Wildcards::Resource`].
    fn bind_to_fields(&mut self) {
        let mut colons = 0;
        for index in 0..self.tokens.len() {
            let ends_field = matches!(self.tokens.get(index + 1), None | Some(Token::Char(FIELD)));
            match &mut self.tokens[index] {
                Token::Char(FIELD) => colons += 1,
                _ if colons + 1 >= ARN_FIELDS => break,
                token @ Token::One => *token = Token::OneInField,
                token @ Token::Many if !ends_field => *token = Token::ManyInField,
                _ => {}
            }
        }
    }

    /// The tokens with the values of variables in their places, as literals.
    fn resolve(&self, scope: &Scope) -> Option<Vec<Token>> {
        let mut tokens = Vec::with_capacity(self.tokens.len() + 32);
        for token in &self.tokens {
            match token {
                Token::Variable(number) => {
                    let variable = &self.variables[usize::from(*number)];
                    let value = scope.single(&variable.key).or(variable.default.as_deref())?;
                    // Both how often a variable stands here and how long its value is may be somebody's choice.
                    if !scope.meter.take(value.len()) {
                        return None;
                    }
                    push_literal(&mut tokens, value, self.fold);
                }
                token => tokens.push(*token),
            }
        }
        Some(tokens)
    }
}

/// The form in which texts are compared without regard to case.
pub(crate) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn push_literal(tokens: &mut Vec<Token>, text: &str, folded: bool) {
    if folded {
        tokens.extend(fold(text).chars().map(Token::Char));
    } else {
        tokens.extend(text.chars().map(Token::Char));
    }
}

/// The six fields of an ARN pattern.
fn arn_fields(tokens: &[Token]) -> Option<Vec<&[Token]>> {
    let fields: Vec<&[Token]> = tokens.splitn(ARN_FIELDS, |token| *token == Token::Char(FIELD)).collect();
    (fields.len() == ARN_FIELDS).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::principal::{Principal, PrincipalKind};
    use crate::request::Request;

    fn check(pattern: &str, wildcards: Wildcards, text: &str, user: &str, version: Version) -> Option<bool> {
        let principal =
            Principal { kind: PrincipalKind::User { name: user.to_owned() }, ..Principal::root("111122223333") };
        let mut context = Context::new();
        context.set_all("aws:TagKeys", ["a".to_owned(), "b".to_owned()]);
        let request = Request { principal: &principal, action: "ecr:PutImage", resource: "*", context: &context };
        let scope = Scope::new(&request, "111122223333");
        Pattern::compile(pattern, wildcards, false, version, &Place::Root).unwrap().matches(text, &scope)
    }

    fn resource(pattern: &str, text: &str) -> bool {
        check(pattern, Wildcards::Resource, text, "anna", Version::V2012).unwrap()
    }

    #[test]
    fn arns_with_too_few_fields_are_completed() {
        fn compile(text: &str) -> Pattern {
            Pattern::compile(text, Wildcards::Resource, false, Version::V2012, &Place::Root).unwrap()
        }
        let completes = |text: &str| {
            let completed = compile(text).completed();
            let full = format!("{text}{}", ":*".repeat(5 - text.matches(':').count().min(5)));
            assert!(completed.as_ref().is_none_or(|pattern| pattern.tokens == compile(&full).tokens), "{text}");
            completed
        };
        assert!(completes("arn:aws:ecr").is_some());
        assert!(completes("arn:aws:ecr:*:111122223333").is_some());
        assert!(completes("arn:aws:ecr:*").is_none());
        assert!(completes("*").is_none());
        assert!(completes("arn:aws:ecr:us-east-1:111122223333:repository/app").is_none());
    }

    const REPOSITORY: &str = "arn:aws:ecr:us-east-1:111122223333:repository/team/app";

    #[test]
    fn resources_match_as_on_aws() {
        let cases = [
            ("*", true),
            ("arn:aws:ecr:us-east-1:111122223333:repository/team/app", true),
            ("arn:aws:ecr:us-east-1:111122223333:repository/Team/app", false),
            ("arn:aws:ecr:us-east-1:111122223333:repository/*", true),
            ("arn:aws:ecr:us-east-1:111122223333:repository/*app", true),
            ("arn:aws:ecr:us-east-1:111122223333:repository/team/???", true),
            ("arn:aws:ecr:*:*:repository/team/*", true),
            ("arn:aws:ecr:us-*-1:111122223333:repository/team/app", true),
            ("arn:aws:ecr:us-east-?:1111????3333:*", true),
            // A star that ends a field reaches beyond it.
            ("arn:aws:ecr:*", true),
            ("arn:aws:s3:*", false),
            ("arn:*:repository/team/app", true),
            // One that does not end its field does not leave it.
            ("arn:aws:ecr:u*3:repository/team/app:*:*", false),
            ("arn:aws:ecr:us-east-1?111122223333:repository/team/app:*", false),
            ("arn:aws:ecr:us-east-1:111122223333:repository/team", false),
            ("arn:aws:ecr:us-east-1:111122223333:repository/team/app/", false),
        ];
        for (pattern, expected) in cases {
            assert_eq!(resource(pattern, REPOSITORY), expected, "{pattern}");
        }
        assert!(resource("*", "*"));
        assert!(!resource("arn:aws:ecr:*:*:repository/*", "*"));
    }

    #[test]
    fn the_value_of_a_variable_is_never_a_wildcard() {
        let pattern = "arn:aws:ecr:us-east-1:111122223333:repository/${aws:username}/*";
        let check = |user, text| check(pattern, Wildcards::Resource, text, user, Version::V2012);
        let anna = "arn:aws:ecr:us-east-1:111122223333:repository/anna/app";
        assert_eq!(check("anna", anna), Some(true));
        assert_eq!(check("bob", anna), Some(false));
        for hostile in ["*", "?nna", "a*", "????", "${aws:username}", "${*}"] {
            assert_eq!(check(hostile, anna), Some(false), "{hostile}");
        }
        assert_eq!(check("*", "arn:aws:ecr:us-east-1:111122223333:repository/*/app"), Some(true));
    }

    #[test]
    fn variables_have_escapes_and_defaults_and_may_be_unknown() {
        let like = |pattern, text| check(pattern, Wildcards::Across, text, "anna", Version::V2012);
        assert_eq!(like("a${*}c", "a*c"), Some(true));
        assert_eq!(like("a${*}c", "abc"), Some(false));
        assert_eq!(like("a${?}${$}", "a?$"), Some(true));
        assert_eq!(like("${AWS:UserName}-*", "anna-1"), Some(true));
        assert_eq!(like("${aws:PrincipalTag/team, 'no*ne'}", "no*ne"), Some(true));
        assert_eq!(like("${aws:PrincipalTag/team, 'no*ne'}", "nobodyne"), Some(false));
        assert_eq!(like("${aws:username, 'other'}", "anna"), Some(true));
        assert_eq!(like("${aws:PrincipalTag/team}", "x"), None);
        // A key with several values has no one value to put in.
        assert_eq!(like("${aws:TagKeys}", "a"), None);
    }

    #[test]
    fn the_old_version_has_no_variables() {
        let pattern = "${aws:username}*";
        assert_eq!(check(pattern, Wildcards::Across, "anna1", "anna", Version::V2008), Some(false));
        assert_eq!(check(pattern, Wildcards::Across, "${aws:username}1", "anna", Version::V2008), Some(true));
    }

    #[test]
    fn malformed_variables_are_errors() {
        for pattern in ["${", "${aws:username", "${}", "${ }", "${${a}}", "${a, b}", "${a, 'b}", "${a,'b'c'}", "${a*}"]
        {
            let compiled = Pattern::compile(pattern, Wildcards::Across, false, Version::V2012, &Place::Root);
            assert!(compiled.is_err(), "{pattern}");
        }
    }

    #[test]
    fn dollar_signs_and_braces_elsewhere_are_themselves() {
        assert_eq!(check("$a}{$", Wildcards::Across, "$a}{$", "anna", Version::V2012), Some(true));
    }

    #[test]
    fn arn_operators_compare_field_by_field() {
        let principal = Principal::root("111122223333");
        let context = Context::new();
        let request = Request { principal: &principal, action: "a:b", resource: "*", context: &context };
        let scope = Scope::new(&request, "111122223333");
        let arn = |pattern: &str, text: &str| {
            let pattern = Pattern::compile(pattern, Wildcards::Across, false, Version::V2012, &Place::Root).unwrap();
            pattern.matches_arn(text, &scope)
        };
        assert_eq!(arn("arn:aws:ecr:*:111122223333:repository/*", REPOSITORY), Some(true));
        assert_eq!(arn("arn:aws:ecr:us-*:repository/team/app:*:*", REPOSITORY), Some(false));
        assert_eq!(arn("*", REPOSITORY), Some(true));
        assert_eq!(arn("arn:aws:ecr:*", REPOSITORY), None);
        assert_eq!(arn("*", "not an arn"), None);
        assert_eq!(arn("${aws:PrincipalArn}", "arn:aws:iam::111122223333:root"), Some(true));
    }
}
