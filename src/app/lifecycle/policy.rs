//! A lifecycle policy in the form that evaluation uses, and what its rules must be like beside one another. What the
//! document must look like is checked in `schema`; the text itself is not kept here: it is given back as it was sent.

use serde_json::Value;
use types::StorageClass;

use super::pattern::TagPattern;
use super::schema;

/// Why a lifecycle policy is refused: the part of ECR's message that says what is wrong.
///
/// The four texts that clients were seen to look for, and those of the schema, are ECR's; the rest is our own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyFault(pub(super) String);

impl PolicyFault {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A valid policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecyclePolicy {
    /// By priority, lowest number first.
    rules: Vec<Rule>,
}

/// Which images a rule looks at and what becomes of some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its place among the rules: 1 comes first. Unique.
    pub priority: u32,
    /// The tags that it looks for.
    pub tags: TagSelection,
    /// Where the images that it looks at are.
    pub storage_class: StorageClass,
    /// Which of them are too many or too old.
    pub count: Count,
    /// What becomes of those.
    pub action: RuleAction,
}

/// Which images a rule selects by their tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagSelection {
    /// All.
    Any,
    /// Those without a tag.
    Untagged,
    /// Those with a tag that begins with the first, a tag that begins with the second, and so on.
    Prefixes(Vec<String>),
    /// The same with patterns over whole tags.
    Patterns(Vec<TagPattern>),
}

/// Which of the selected images are too many or too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// All but so many of the newest.
    MoreThan(u64),
    /// Those that were pushed longer ago than so many days.
    DaysSincePushed(u64),
    /// Those that nobody pulled for longer than so many days.
    DaysSincePulled(u64),
    /// Those that were archived longer ago than so many days.
    DaysSinceTransitioned(u64),
}

/// What a rule does with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleAction {
    /// It is deleted.
    Expire,
    /// It is archived.
    Transition,
}

impl RuleAction {
    /// As ECR spells it in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expire => "EXPIRE",
            Self::Transition => "TRANSITION",
        }
    }
}

/// The fewest days in the archive before an image may be deleted from there.
const MIN_ARCHIVED_DAYS: u64 = 90;

impl LifecyclePolicy {
    /// Reads and checks a policy completely. The length of the text is the caller's to check.
    pub fn parse(text: &str) -> Result<Self, PolicyFault> {
        let unreadable = |_| PolicyFault::new("Could not map policyString into LifecyclePolicy.");
        let document: Value = serde_json::from_str(text).map_err(unreadable)?;
        let mut rules =
            schema::rules(&document)?.into_iter().map(|rule| rule.into_rule()).collect::<Result<Vec<_>, _>>()?;
        rules.sort_by_key(|rule| rule.priority);
        Self::check(&rules)?;
        Ok(Self { rules })
    }

    /// The rules by priority.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What rules must be like beside one another. They are sorted.
    fn check(rules: &[Rule]) -> Result<(), PolicyFault> {
        if let Some(pair) = rules.windows(2).find(|pair| pair[0].priority == pair[1].priority) {
            return Err(PolicyFault::new(format!("More than one rule has the rulePriority {}", pair[0].priority)));
        }
        for class in [StorageClass::Standard, StorageClass::Archive] {
            let rules: Vec<&Rule> = rules.iter().filter(|rule| rule.storage_class == class).collect();
            if rules.iter().filter(|rule| rule.tags == TagSelection::Untagged).count() > 1 {
                return Err(PolicyFault::new("Only one rule can select Untagged images per storage class"));
            }
            let any = rules.iter().position(|rule| rule.tags == TagSelection::Any);
            if any.is_some_and(|at| at + 1 < rules.len()) {
                return Err(PolicyFault::new("Rule for tagStatus=ANY must have the lowest priority per storage class"));
            }
            let mut sets: Vec<Vec<&str>> = rules.iter().filter_map(|rule| rule.tags.prefixes()).collect();
            sets.sort();
            if sets.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(PolicyFault::new("tagPrefixList must be unique across the rules of a storage class"));
            }
        }
        Ok(())
    }
}

impl TagSelection {
    /// The prefixes as a set, if the selection is one of prefixes.
    fn prefixes(&self) -> Option<Vec<&str>> {
        let Self::Prefixes(prefixes) = self else {
            return None;
        };
        let mut set: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        set.sort_unstable();
        set.dedup();
        Some(set)
    }
}

impl schema::Rule<'_> {
    /// What a rule must be like by itself, beyond its schema.
    fn into_rule(self) -> Result<Rule, PolicyFault> {
        let fault = |reason: &str| Err(PolicyFault::new(reason));
        let tags = match (self.tag_status, self.tag_prefixes, self.tag_patterns) {
            ("tagged", Some(prefixes), None) if !prefixes.is_empty() => {
                TagSelection::Prefixes(prefixes.into_iter().map(str::to_owned).collect())
            }
            ("tagged", None, Some(patterns)) if !patterns.is_empty() => {
                TagSelection::Patterns(patterns.into_iter().map(TagPattern::parse).collect::<Result<_, _>>()?)
            }
            ("tagged", Some(_), Some(_)) => {
                return fault("Only one of tagPrefixList and tagPatternList can be specified");
            }
            ("tagged", _, _) => return fault("Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED"),
            (_, None, None) if self.tag_status == "untagged" => TagSelection::Untagged,
            (_, None, None) => TagSelection::Any,
            _ => return fault("tagPrefixList and tagPatternList can only be specified when tagStatus=TAGGED"),
        };
        let number = self.count_number;
        let count = match self.count_type {
            "imageCountMoreThan" => Count::MoreThan(number),
            "sinceImagePushed" => Count::DaysSincePushed(number),
            "sinceImagePulled" => Count::DaysSincePulled(number),
            _ => Count::DaysSinceTransitioned(number),
        };
        match (count, self.count_unit) {
            (Count::MoreThan(_), Some(_)) => {
                return fault("countUnit can not be specified when countType=imageCountMoreThan");
            }
            (Count::MoreThan(_), None) | (_, Some(_)) => {}
            (_, None) => return fault("countUnit must be specified when countType counts days"),
        }
        let action = match (self.action, self.target_storage_class) {
            ("expire", None) => RuleAction::Expire,
            ("expire", Some(_)) => {
                return fault("targetStorageClass can only be specified when action type=transition");
            }
            (_, Some(_)) => RuleAction::Transition,
            (_, None) => return fault("targetStorageClass must be specified when action type=transition"),
        };
        let storage_class = match self.storage_class {
            Some("archive") => StorageClass::Archive,
            _ => StorageClass::Standard,
        };
        match (count, storage_class, action) {
            (Count::DaysSinceTransitioned(days), StorageClass::Archive, RuleAction::Expire)
                if days >= MIN_ARCHIVED_DAYS => {}
            (Count::DaysSinceTransitioned(_), StorageClass::Archive, RuleAction::Expire) => {
                return fault("countNumber must be at least 90 when countType=sinceImageTransitioned");
            }
            (Count::DaysSinceTransitioned(_), StorageClass::Standard, _) => {
                return fault("storageClass must be archive when countType=sinceImageTransitioned");
            }
            (Count::DaysSinceTransitioned(_), _, RuleAction::Transition) => {
                return fault("action type must be expire when countType=sinceImageTransitioned");
            }
            (Count::DaysSincePulled(_), _, RuleAction::Expire) => {
                return fault("action type must be transition when countType=sinceImagePulled");
            }
            (_, StorageClass::Archive, _) => {
                return fault("storageClass can only be archive when countType=sinceImageTransitioned");
            }
            _ => {}
        }
        Ok(Rule { priority: self.priority, tags, storage_class, count, action })
    }
}
