//! What the operations that begin sessions have in common in their inputs, and how it is checked.

use app::sessions::{MAX_DURATION, MIN_DURATION, Wanted};
use aws::{Common, Fault, Violations, is_tag_character};
use serde::Deserialize;
use types::{AccountId, Arn};

/// A managed policy that restricts a session.
#[derive(Debug, Deserialize)]
pub(crate) struct PolicyDescriptor {
    arn: String,
}

/// A session tag.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// The parts of an input that say what a session is to be like.
pub(crate) struct Parts<'i> {
    pub(crate) name: &'i str,
    pub(crate) duration: Option<i64>,
    pub(crate) policy: Option<&'i str>,
    pub(crate) policy_arns: &'i [PolicyDescriptor],
    pub(crate) tags: &'i [Tag],
    pub(crate) transitive_tag_keys: &'i [String],
    pub(crate) source_identity: Option<&'i str>,
}

fn legal_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)
}

impl Parts<'_> {
    /// Notes what breaks a constraint.
    pub(crate) fn check(&self, violations: &mut Violations) {
        let name = r"[\w+=,.@-]*";
        violations.length("roleSessionName", self.name, 2..=64);
        violations.pattern("roleSessionName", self.name, name, legal_name);
        if let Some(duration) = self.duration {
            violations.range("durationSeconds", duration, MIN_DURATION..=MAX_DURATION);
        }
        if self.policy.is_some_and(str::is_empty) {
            violations.length("policy", "", 1..=usize::MAX);
        }
        if let Some(source_identity) = self.source_identity {
            violations.length("sourceIdentity", source_identity, 2..=64);
            violations.pattern("sourceIdentity", source_identity, name, legal_name);
        }
        let counts = [
            ("policyArns", self.policy_arns.len(), 10),
            ("tags", self.tags.len(), 50),
            ("transitiveTagKeys", self.transitive_tag_keys.len(), 50),
        ];
        for (member, count, limit) in counts {
            if count > limit {
                let constraint = format!("Member must have length less than or equal to {limit}");
                violations.add(member, &format!("[{count} members]"), &constraint);
            }
        }
        for (index, tag) in self.tags.iter().enumerate().take(50) {
            let member = |part| format!("tags.{}.member.{part}", index + 1);
            violations.length(&member("key"), &tag.key, 1..=128);
            violations.length(&member("value"), &tag.value, 0..=256);
            violations.pattern(&member("key"), &tag.key, r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", is_tag_character);
            violations.pattern(&member("value"), &tag.value, r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", is_tag_character);
        }
    }

    /// The session that is wanted.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            name: self.name.to_owned(),
            duration: self.duration,
            policy: self.policy.map(str::to_owned),
            policy_arns: self.policy_arns.iter().map(|policy| policy.arn.clone()).collect(),
            tags: self.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
            transitive_tag_keys: self.transitive_tag_keys.to_vec(),
            source_identity: self.source_identity.map(str::to_owned),
        }
    }
}

/// A role as an input names it: its account and its ARN. Whether it exists is another question.
pub(crate) fn role(text: &str) -> Result<(AccountId, Arn), Fault> {
    let invalid =
        || Fault::common(Common::Validation, format!("{} is invalid", text.chars().take(256).collect::<String>()));
    let rest = text.strip_prefix("arn:aws:iam::").ok_or_else(invalid)?;
    let (account, resource) = rest.split_once(':').ok_or_else(invalid)?;
    let account: AccountId = account.parse().map_err(|_| invalid())?;
    let named = resource.strip_prefix("role").filter(|named| named.starts_with('/')).ok_or_else(invalid)?;
    let (path, name) = named.rsplit_once('/').ok_or_else(invalid)?;
    if name.is_empty() || !name.chars().all(legal_name) || text.len() > 2048 {
        return Err(invalid());
    }
    let arn = Arn::role(&account, &format!("{path}/"), name);
    Ok((account, arn))
}

/// Checks the length of the ARN of a role.
pub(crate) fn check_role_arn(violations: &mut Violations, role_arn: &str) {
    violations.length("roleArn", role_arn, 20..=2048);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_named_by_arn() {
        let (account, arn) = role("arn:aws:iam::111122223333:role/ci/deploy").unwrap();
        assert_eq!((account.as_str(), arn.as_str()), ("111122223333", "arn:aws:iam::111122223333:role/ci/deploy"));
        assert_eq!(role("arn:aws:iam::111122223333:role/x").unwrap().1.as_str(), "arn:aws:iam::111122223333:role/x");
        for text in [
            "",
            "deploy",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:rolex/y",
            "arn:aws:iam::1111:role/x",
            "arn:aws:iam::111122223333:role/a*",
            "arn:aws:sts::111122223333:assumed-role/x/y",
        ] {
            assert_eq!(role(text).unwrap_err().message(), format!("{text} is invalid"));
        }
    }
}
