//! Refusals of members, worded as AWS words them. ECR and the Query services have a form each.

use std::ops::RangeInclusive;

use crate::{Common, Fault};

/// ECR's form: `Invalid parameter at '<member>' failed to satisfy constraint: '<what>'`.
pub fn invalid_parameter(member: &str, what: impl AsRef<str>) -> Fault {
    let message = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{}'", what.as_ref());
    Fault::new("InvalidParameterException", message)
}

/// The form of IAM and STS, which reports all violations at once:
/// `1 validation error detected: Value '<value>' at '<member>' failed to satisfy constraint: <constraint>`.
/// Members are named in lower camel case, `userName`.
#[derive(Debug, Default)]
pub struct Violations(Vec<String>);

impl Violations {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that a member breaks a constraint (`Member must …`).
    pub fn add(&mut self, member: &str, value: &str, constraint: &str) -> &mut Self {
        // Clients choose the value; a message repeats no more of it than helps.
        let shown: String = value.chars().take(256).collect();
        self.0.push(format!("Value '{shown}' at '{member}' failed to satisfy constraint: {constraint}"));
        self
    }

    /// Notes that a required member is absent.
    pub fn missing(&mut self, member: &str) -> &mut Self {
        self.0.push(format!("Value null at '{member}' failed to satisfy constraint: Member must not be null"));
        self
    }

    /// Checks the length of a text in characters.
    pub fn length(&mut self, member: &str, value: &str, range: RangeInclusive<usize>) -> &mut Self {
        let length = value.chars().count();
        if length < *range.start() {
            let constraint = format!("Member must have length greater than or equal to {}", range.start());
            self.add(member, value, &constraint);
        }
        if length > *range.end() {
            let constraint = format!("Member must have length less than or equal to {}", range.end());
            self.add(member, value, &constraint);
        }
        self
    }

    /// Checks that each character is legal; `pattern` is the expression as AWS prints it.
    pub fn pattern(&mut self, member: &str, value: &str, pattern: &str, legal: impl Fn(char) -> bool) -> &mut Self {
        if !value.chars().all(legal) {
            self.add(member, value, &format!("Member must satisfy regular expression pattern: {pattern}"));
        }
        self
    }

    /// Checks a number.
    pub fn range(&mut self, member: &str, value: i64, range: RangeInclusive<i64>) -> &mut Self {
        if value < *range.start() {
            let constraint = format!("Member must have value greater than or equal to {}", range.start());
            self.add(member, &value.to_string(), &constraint);
        }
        if value > *range.end() {
            let constraint = format!("Member must have value less than or equal to {}", range.end());
            self.add(member, &value.to_string(), &constraint);
        }
        self
    }

    /// Checks that a text is one of a set.
    pub fn one_of(&mut self, member: &str, value: &str, set: &[&str]) -> &mut Self {
        if !set.contains(&value) {
            self.add(member, value, &format!("Member must satisfy enum value set: [{}]", set.join(", ")));
        }
        self
    }

    /// The refusal, if anything was noted.
    pub fn finish(&self) -> Result<(), Fault> {
        match self.0.len() {
            0 => Ok(()),
            1 => Err(self.fault("1 validation error")),
            count => Err(self.fault(&format!("{count} validation errors"))),
        }
    }

    fn fault(&self, count: &str) -> Fault {
        Fault::common(Common::Validation, format!("{count} detected: {}", self.0.join("; ")))
    }
}

/// Whether keys and values of tags may have a character: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`, the same in all services.
pub fn is_tag_character(character: char) -> bool {
    let separates = character.is_whitespace() && !character.is_control();
    character.is_alphanumeric() || separates || "_.:/=+-@".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_are_counted_and_joined() {
        let legal = |character: char| character.is_ascii_alphanumeric() || "+=,.@_-".contains(character);
        let mut violations = Violations::new();
        violations.length("userName", "anna", 1..=64).pattern("userName", "anna", "[\\w+=,.@-]+", legal);
        assert_eq!(violations.finish(), Ok(()));
        violations.pattern("userName", "an na", "[\\w+=,.@-]+", legal);
        assert_eq!(
            violations.finish().unwrap_err().message(),
            "1 validation error detected: Value 'an na' at 'userName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [\\w+=,.@-]+"
        );
        violations.range("durationSeconds", 5, 900..=43200);
        assert_eq!(
            violations.finish().unwrap_err().message(),
            "2 validation errors detected: Value 'an na' at 'userName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [\\w+=,.@-]+; Value '5' at 'durationSeconds' failed to satisfy constraint: Member \
             must have value greater than or equal to 900"
        );
    }

    #[test]
    fn ecr_has_a_form_of_its_own() {
        assert_eq!(
            invalid_parameter("resourceArn", "Invalid ARN").message(),
            "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'"
        );
    }
}
