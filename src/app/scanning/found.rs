//! Findings while they are looked for. However many there are, no more are held than twice what is kept of an image: of the
//! rest it is known how severe they are, and that is counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use scan::osv::Severity;

use super::finish::MAX_FINDINGS;
use super::{Counts, Finding};

/// What makes a finding the same as another: two databases may tell of one vulnerability.
type Key = (String, String, String);

/// What was found so far.
pub(super) struct Found {
    held: BTreeMap<Key, (Severity, Finding)>,
    counts: Counts,
    /// Findings that are no worse have no place any more.
    floor: Option<Severity>,
    most: usize,
}

impl Found {
    pub(super) fn new() -> Self {
        Self::of_at_most(MAX_FINDINGS)
    }

    fn of_at_most(most: usize) -> Self {
        Self { held: BTreeMap::new(), counts: Counts::new(), floor: None, most }
    }

    /// Whether there may be a place for one of a severity. If not, it has been counted.
    pub(super) fn takes(&mut self, severity: Severity) -> bool {
        let takes = self.floor.is_none_or(|floor| severity > floor);
        if !takes {
            self.count(severity);
        }
        takes
    }

    /// Adds one. Of those that are the same, the worst counts.
    pub(super) fn add(&mut self, severity: Severity, finding: Finding) {
        let key = (finding.name.clone(), finding.package.clone(), finding.version.clone());
        match self.held.get_mut(&key) {
            Some(known) if known.0 >= severity => {}
            Some(known) => *known = (severity, finding),
            None => drop(self.held.insert(key, (severity, finding))),
        }
        if self.held.len() >= 2 * self.most {
            self.keep_the_worst();
        }
    }

    fn keep_the_worst(&mut self) {
        let mut all: Vec<_> = std::mem::take(&mut self.held).into_iter().collect();
        all.sort_by_key(|(_, (severity, _))| Reverse(*severity));
        for (_, (severity, _)) in all.split_off(self.most) {
            self.count(severity);
        }
        self.floor = all.last().map(|(_, (severity, _))| *severity);
        self.held = all.into_iter().collect();
    }

    fn count(&mut self, severity: Severity) {
        *self.counts.entry(severity.as_str().to_owned()).or_default() += 1;
    }

    /// All that are held, the worst first, and how many there are of each severity.
    pub(super) fn end(mut self) -> (Vec<(Severity, Finding)>, Counts) {
        let mut findings: Vec<(Severity, Finding)> = std::mem::take(&mut self.held).into_values().collect();
        findings.sort_by_key(|(severity, _)| Reverse(*severity));
        for (severity, _) in &findings {
            self.count(*severity);
        }
        (findings, self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(name: &str) -> Finding {
        Finding {
            name: name.to_owned(),
            aliases: Vec::new(),
            description: String::new(),
            url: String::new(),
            severity: String::new(),
            package: "a".to_owned(),
            version: "1".to_owned(),
            fixed: None,
            vector: None,
            score: None,
            ecosystem: None,
        }
    }

    #[test]
    fn the_worst_are_held_and_all_are_counted() {
        let mut found = Found::of_at_most(10);
        for number in 0..1000 {
            let severity = if number % 100 == 99 { Severity::High } else { Severity::Low };
            if found.takes(severity) {
                found.add(severity, finding(&number.to_string()));
            }
            assert!(found.held.len() < 20);
        }
        found.add(Severity::Low, finding("99"));
        let (findings, counts) = found.end();
        assert_eq!(counts, Counts::from([("HIGH".to_owned(), 10), ("LOW".to_owned(), 990)]));
        assert!(findings[..10].iter().all(|(severity, _)| *severity == Severity::High));
    }

    #[test]
    fn of_the_same_the_worse_counts() {
        let mut found = Found::new();
        for severity in [Severity::Low, Severity::High, Severity::Medium] {
            assert!(found.takes(severity));
            found.add(severity, finding("a"));
        }
        let (findings, counts) = found.end();
        assert_eq!((findings.len(), counts), (1, Counts::from([("HIGH".to_owned(), 1)])));
    }
}
