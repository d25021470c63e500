//! What members of an input must be, refused in IAM's words. All that is wrong with an input is told at once.

use aws::{Common, Fault};

use crate::error::Error;
use crate::managed_policies;

/// The refusals that were noted so far.
#[derive(Debug, Default)]
pub(crate) struct Checks(Vec<Refusal>);

#[derive(Debug)]
struct Refusal {
    text: String,
    /// The text is a sentence of its own, which IAM gives without counting when it is the only one.
    sentence: bool,
}

impl Checks {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The name of a user, group, role or policy.
    pub(crate) fn name(self, member: &str, value: &str, longest: usize) -> Self {
        let legal = |character: char| character.is_ascii_alphanumeric() || "+=,.@_-".contains(character);
        self.length(member, value, 1, longest).sentence(
            value.chars().all(legal),
            member,
            "It must contain only alphanumeric characters and/or the following: +=,.@_-",
        )
    }

    /// The name of a user that is to be made.
    pub(crate) fn new_user_name(self, member: &str, value: &str) -> Self {
        self.name(member, value, 64)
    }

    /// The name of a user that should exist.
    pub(crate) fn user_name(self, value: &str) -> Self {
        self.name("userName", value, 128)
    }

    /// The name of a group.
    pub(crate) fn group_name(self, value: &str) -> Self {
        self.name("groupName", value, 128)
    }

    /// The name of a role.
    pub(crate) fn role_name(self, value: &str) -> Self {
        self.name("roleName", value, 64)
    }

    /// The name of a policy.
    pub(crate) fn policy_name(self, value: &str) -> Self {
        self.name("policyName", value, 128)
    }

    /// The path of something that is to be made: `/`, or text between slashes.
    pub(crate) fn path(self, member: &str, value: Option<&str>) -> Self {
        let Some(value) = value else { return self };
        let printable = value.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        let whole = value.starts_with('/') && value.ends_with('/') && value != "//" && printable;
        self.length(member, value, 1, 512).sentence(
            whole,
            member,
            "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
        )
    }

    /// The path of a managed policy, of which each part has the characters of a name.
    pub(crate) fn policy_path(self, member: &str, value: Option<&str>) -> Self {
        let Some(value) = value else { return self };
        let legal = |character: char| character.is_ascii_alphanumeric() || "+=,.@_-/".contains(character);
        let whole = value.starts_with('/') && value.ends_with('/') && value.chars().all(legal) && !value.contains("//");
        self.length(member, value, 1, 512).sentence(
            whole,
            member,
            "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
        )
    }

    /// The beginning of paths.
    pub(crate) fn path_prefix(self, value: Option<&str>) -> Self {
        let Some(value) = value else { return self };
        let printable = value.bytes().all(|byte| (0x21..=0x7f).contains(&byte));
        self.length("pathPrefix", value, 1, 512).sentence(
            value.starts_with('/') && printable,
            "pathPrefix",
            "It must begin with / and contain only alphanumeric characters and/or / characters.",
        )
    }

    /// The id of an access key.
    pub(crate) fn access_key_id(self, value: &str) -> Self {
        self.length("accessKeyId", value, 16, 128).sentence(
            value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            "accessKeyId",
            "It must contain only alphanumeric characters.",
        )
    }

    /// An ARN, as far as its length goes; what it names is another question.
    pub(crate) fn arn(self, member: &str, value: &str) -> Self {
        self.length(member, value, 20, 2048)
    }

    /// The length of a text in characters.
    pub(crate) fn length(self, member: &str, value: &str, shortest: usize, longest: usize) -> Self {
        let length = value.chars().count();
        let constraint = if length < shortest {
            format!("Member must have length greater than or equal to {shortest}")
        } else if length > longest {
            format!("Member must have length less than or equal to {longest}")
        } else {
            return self;
        };
        self.breach(member, &constraint)
    }

    /// The elements of a list that are texts. IAM does not say which of them is refused and names all that they must be.
    pub(crate) fn elements(self, member: &str, fine: bool, constraints: &[&str]) -> Self {
        if fine {
            return self;
        }
        self.breach(member, &format!("Member must satisfy constraint: [{}]", constraints.join(", ")))
    }

    /// How many elements a list has.
    pub(crate) fn count(self, member: &str, count: usize, most: usize) -> Self {
        if count <= most {
            return self;
        }
        let constraint = format!("Member must have length less than or equal to {most}");
        self.breach(member, &constraint)
    }

    /// A text against a pattern, which is given as AWS prints it.
    pub(crate) fn pattern(self, member: &str, pattern: &str, matches: bool) -> Self {
        if matches {
            return self;
        }
        self.breach(member, &format!("Member must satisfy regular expression pattern: {pattern}"))
    }

    /// A number within bounds.
    pub(crate) fn range(self, member: &str, value: Option<i64>, least: i64, most: i64) -> Self {
        let Some(value) = value else { return self };
        let constraint = if value < least {
            format!("Member must have value greater than or equal to {least}")
        } else if value > most {
            format!("Member must have value less than or equal to {most}")
        } else {
            return self;
        };
        self.breach(member, &constraint)
    }

    /// How many elements a page may have.
    pub(crate) fn max_items(self, value: Option<i64>) -> Self {
        self.range("maxItems", value, 1, 1000)
    }

    /// What is said of a role.
    pub(crate) fn role_description(self, value: Option<&str>) -> Self {
        let value = value.unwrap_or_default();
        let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{7e}' | '\u{a1}'..='\u{ff}');
        let pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*";
        self.length("description", value, 0, 1000).pattern("description", pattern, value.chars().all(legal))
    }

    /// What is said of a managed policy: any text that a database keeps and an answer can show.
    pub(crate) fn policy_description(self, value: Option<&str>) -> Self {
        let value = value.unwrap_or_default();
        let legal = |c: char| matches!(c, '\t' | '\n' | '\r') || !c.is_control();
        let pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A0-\\uFFFF]*";
        self.length("description", value, 0, 1000).pattern("description", pattern, value.chars().all(legal))
    }

    /// The number of a version of a managed policy, `v1`.
    pub(crate) fn version_id(self, value: &str) -> Self {
        let pattern = "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?";
        self.pattern("versionId", pattern, managed_policies::parse_version(value).is_some())
    }

    /// The alias of an account.
    pub(crate) fn account_alias(self, value: &str) -> Self {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let whole =
            value.bytes().all(legal) && !value.starts_with('-') && !value.ends_with('-') && !value.contains("--");
        self.length("accountAlias", value, 3, 63).pattern(
            "accountAlias",
            "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$",
            whole,
        )
    }

    /// One of a set of words.
    pub(crate) fn one_of(self, member: &str, value: Option<&str>, words: &[&str]) -> Self {
        match value {
            Some(value) if !words.contains(&value) => {
                self.breach(member, &format!("Member must satisfy enum value set: [{}]", words.join(", ")))
            }
            _ => self,
        }
    }

    /// A policy document, as far as its text goes.
    pub(crate) fn document(self, member: &str, value: &str) -> Self {
        let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
        let pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+";
        let refused = |checks: Self, constraint: String| checks.breach(member, &constraint);
        if value.is_empty() {
            refused(self, "Member must have length greater than or equal to 1".to_owned())
        } else if value.chars().count() > 131_072 {
            refused(self, "Member must have length less than or equal to 131072".to_owned())
        } else if !value.chars().all(legal) {
            refused(self, format!("Member must satisfy regular expression pattern: {pattern}"))
        } else {
            self
        }
    }

    /// The refusal, if anything was noted.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let text = match self.0.as_slice() {
            [] => return Ok(()),
            [Refusal { text, sentence: true }] => text.clone(),
            [Refusal { text, sentence: false }] => format!("1 validation error detected: {text}"),
            many => {
                let texts: Vec<&str> = many.iter().map(|refusal| refusal.text.as_str()).collect();
                format!("{} validation errors detected: {}", many.len(), texts.join("; "))
            }
        };
        Err(Fault::common(Common::Validation, text).into())
    }

    fn sentence(self, fine: bool, member: &str, rule: &str) -> Self {
        if fine { self } else { self.note(format!("The specified value for {member} is invalid. {rule}"), true) }
    }

    /// IAM does not repeat the value that it refuses, as STS does.
    fn breach(self, member: &str, constraint: &str) -> Self {
        self.note(format!("Value at '{member}' failed to satisfy constraint: {constraint}"), false)
    }

    fn note(mut self, text: String, sentence: bool) -> Self {
        self.0.push(Refusal { text, sentence });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(checks: Checks) -> String {
        Fault::from(checks.finish().unwrap_err()).message().to_owned()
    }

    #[test]
    fn a_single_sentence_stands_alone() {
        assert!(Checks::new().user_name("anna+b=c,d.e@f_g-h").path("path", Some("/a/b/")).finish().is_ok());
        assert_eq!(
            message(Checks::new().user_name("an na")),
            "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the \
             following: +=,.@_-"
        );
        assert_eq!(
            message(Checks::new().path("path", Some("a"))),
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
             characters and/or / characters."
        );
    }

    #[test]
    fn several_refusals_are_counted() {
        assert_eq!(
            message(Checks::new().new_user_name("userName", &"x".repeat(65))),
            "1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must have length less \
             than or equal to 64"
        );
        assert_eq!(
            message(Checks::new().user_name("").max_items(Some(0))),
            "2 validation errors detected: Value at 'userName' failed to satisfy constraint: Member must have length \
             greater than or equal to 1; Value at 'maxItems' failed to satisfy constraint: Member must have value \
             greater than or equal to 1"
        );
    }

    #[test]
    fn paths_are_whole() {
        for path in ["/", "/a/", "/a/b/", "/!~/"] {
            assert!(Checks::new().path("path", Some(path)).finish().is_ok(), "{path}");
        }
        for path in ["", "//", "a", "/a", "a/", "/a b/", "/ä/"] {
            assert!(Checks::new().path("path", Some(path)).finish().is_err(), "{path}");
        }
        for path in ["/", "/a/", "/a/b=c/"] {
            assert!(Checks::new().policy_path("path", Some(path)).finish().is_ok(), "{path}");
        }
        for path in ["//", "/a//b/", "/a!/"] {
            assert!(Checks::new().policy_path("path", Some(path)).finish().is_err(), "{path}");
        }
    }
}
