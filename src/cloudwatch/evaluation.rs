//! Whether an alarm goes off: M of the last N periods, and what is made of periods without data. Pure; the cases are those
//! of CloudWatch's documentation.

use serde::{Deserialize, Serialize};

/// How many more periods than N are looked at, so that data which comes late still counts.
pub(crate) const MORE: usize = 2;

/// How a value is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Comparison {
    #[serde(rename = "GreaterThanOrEqualToThreshold")]
    GreaterOrEqual,
    #[serde(rename = "GreaterThanThreshold")]
    Greater,
    #[serde(rename = "LessThanThreshold")]
    Less,
    #[serde(rename = "LessThanOrEqualToThreshold")]
    LessOrEqual,
}

impl Comparison {
    /// As CloudWatch spells it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "GreaterThanOrEqualToThreshold" => Self::GreaterOrEqual,
            "GreaterThanThreshold" => Self::Greater,
            "LessThanThreshold" => Self::Less,
            "LessThanOrEqualToThreshold" => Self::LessOrEqual,
            _ => return None,
        })
    }

    fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterOrEqual => value >= threshold,
            Self::Greater => value > threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }

    /// In the words of the reasons that CloudWatch gives.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Greater => "greater than",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }
}

/// What a period without data counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Missing {
    Breaching,
    NotBreaching,
    Ignore,
    #[default]
    #[serde(rename = "missing")]
    Unknown,
}

impl Missing {
    /// As CloudWatch spells it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "breaching" => Self::Breaching,
            "notBreaching" => Self::NotBreaching,
            "ignore" => Self::Ignore,
            "missing" => Self::Unknown,
            _ => return None,
        })
    }
}

/// What decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rule {
    pub(crate) comparison: Comparison,
    pub(crate) threshold: f64,
    /// N.
    pub(crate) periods: usize,
    /// M.
    pub(crate) needed: usize,
    pub(crate) missing: Missing,
}

/// The state that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ok,
    Alarm,
    InsufficientData,
    /// The one that it is in.
    Unchanged,
}

/// What follows from the values of the last N and some more periods, the oldest first.
pub(crate) fn judge(rule: &Rule, values: &[Option<f64>]) -> Verdict {
    let breaches: Vec<(usize, bool)> = values
        .iter()
        .rev()
        .enumerate()
        .filter_map(|(age, value)| Some((age + 1, rule.comparison.holds((*value)?, rule.threshold))))
        .collect();
    // The latest N that there are; what is missing between them does not matter.
    let known = &breaches[..breaches.len().min(rule.periods)];
    let breaching = known.iter().filter(|(_, breach)| *breach).count();
    let absent = rule.periods - known.len();
    if breaching >= rule.needed {
        return Verdict::Alarm;
    }
    if absent == 0 {
        return Verdict::Ok;
    }
    match rule.missing {
        Missing::Breaching if breaching + absent >= rule.needed => Verdict::Alarm,
        Missing::Breaching | Missing::NotBreaching => Verdict::Ok,
        Missing::Ignore if breaching < known.len() => Verdict::Ok,
        Missing::Ignore => Verdict::Unchanged,
        Missing::Unknown if known.is_empty() => Verdict::InsufficientData,
        Missing::Unknown if breaching < known.len() => Verdict::Ok,
        // All that is known breaches. It counts once the oldest of it is as old as M periods: one that just came is not
        // to set off an alarm by itself.
        Missing::Unknown if known.iter().any(|(age, _)| *age >= rule.needed) => Verdict::Alarm,
        Missing::Unknown => Verdict::Unchanged,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(needed: usize, missing: Missing) -> Rule {
        Rule { comparison: Comparison::Greater, threshold: 0.5, periods: 3, needed, missing }
    }

    /// `0` keeps, `X` breaches, `-` is missing; the oldest first.
    fn values(text: &str) -> Vec<Option<f64>> {
        text.chars()
            .filter(|character| *character != ' ')
            .map(|character| match character {
                '0' => Some(0.0),
                'X' => Some(1.0),
                _ => None,
            })
            .collect()
    }

    /// The tables of "How alarm state is evaluated when data is missing": missing, ignore, breaching, notBreaching.
    #[test]
    fn documented_tables() {
        use Verdict::{Alarm as A, InsufficientData as I, Ok as O, Unchanged as U};
        let all = [Missing::Unknown, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
        for (needed, text, expected) in [
            (3, "0 - X - X", [O, O, A, O]),
            (3, "0 - - - -", [O, O, O, O]),
            (3, "- - - - -", [I, U, A, O]),
            (3, "0 X X - X", [A, A, A, A]),
            (3, "- - X - -", [A, U, A, O]),
            (2, "0 - X - X", [A, A, A, A]),
            (2, "0 0 X 0 X", [A, A, A, A]),
            (2, "0 - X - -", [O, O, A, O]),
            (2, "- - - - 0", [O, O, A, O]),
            (2, "- - - X -", [A, U, A, O]),
            // A breach that just came sets nothing off.
            (3, "- - - - X", [U, U, A, O]),
        ] {
            for (missing, expected) in all.into_iter().zip(expected) {
                if text == "0 - X - X" && needed == 3 {
                    // Three are known, so what is missing counts for nothing.
                    assert_eq!(judge(&rule(needed, missing), &values(text)), O);
                    continue;
                }
                assert_eq!(judge(&rule(needed, missing), &values(text)), expected, "{needed} {text} {missing:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn with_all_data_it_is_m_of_n(breaches in prop::collection::vec(any::<bool>(), 5), needed in 1_usize..4) {
            let values: Vec<Option<f64>> = breaches.iter().map(|breach| Some(f64::from(u8::from(*breach)))).collect();
            let count = breaches[2..].iter().filter(|breach| **breach).count();
            for missing in [Missing::Unknown, Missing::Ignore, Missing::Breaching, Missing::NotBreaching] {
                let expected = if count >= needed { Verdict::Alarm } else { Verdict::Ok };
                prop_assert_eq!(judge(&rule(needed, missing), &values), expected);
            }
        }

        #[test]
        fn more_breaches_never_calm_an_alarm(values in prop::collection::vec(prop::option::of(0_u8..2), 5), at in 0_usize..5, needed in 1_usize..4) {
            let before: Vec<Option<f64>> = values.iter().map(|value| value.map(f64::from)).collect();
            let mut after = before.clone();
            if after[at].is_some() {
                after[at] = Some(1.0);
            }
            for missing in [Missing::Unknown, Missing::Ignore, Missing::Breaching, Missing::NotBreaching] {
                let rule = rule(needed, missing);
                if judge(&rule, &before) == Verdict::Alarm {
                    prop_assert_eq!(judge(&rule, &after), Verdict::Alarm);
                }
            }
        }
    }
}
