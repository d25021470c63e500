//! How far into the log of a container its follower has come.
//!
//! An engine can be asked for what was written since a second, and gives it in the order in which it was written. So a
//! place in the log is a second, and how many records from it on were used. Seconds of two outputs that are written side
//! by side may be out of order by a little: the last few are counted one by one.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// How many seconds are counted one by one.
const WINDOW: i64 = 10;

/// A place in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cursor {
    /// Where reading begins: a while before the last record, since an older one may still come.
    from: i64,
    /// How many records were used, by the second in which they were written, from there on.
    seconds: BTreeMap<i64, u64>,
    /// Batches from there on that were about to be put when this was written: perhaps they were, perhaps not.
    pub(super) batches: VecDeque<PutBatch>,
    /// Whether nothing more comes.
    pub(super) ended: bool,
}

/// A batch of which it is not known whether it was taken. What is read again from the cursor on is the same: so many events
/// with the same token are the same batch, and whoever takes them knows them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PutBatch {
    /// What it was, or was about to be, put with.
    pub(super) token: String,
    /// How many events it had.
    pub(super) events: usize,
}

impl Cursor {
    /// The second to read from.
    pub(super) fn since(&self) -> i64 {
        self.from
    }

    /// How many records from that second on are known already.
    pub(super) fn known(&self) -> u64 {
        self.seconds.values().sum()
    }

    /// A record was used.
    pub(super) fn pass(&mut self, second: i64) {
        // An older one is not given again.
        if second >= self.from {
            *self.seconds.entry(second).or_default() += 1;
        }
        if second - WINDOW > self.from {
            self.from = second - WINDOW;
            self.seconds = self.seconds.split_off(&self.from);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Reading is broken off anywhere, any number of times: every record is used once.
        #[test]
        fn no_record_is_lost_or_doubled(
            steps in prop::collection::vec((0..4_i64, -3..1_i64), 1..200),
            breaks in prop::collection::vec(1..20_usize, 1..40),
        ) {
            let mut time = 1_800_000_000_i64;
            let log: Vec<i64> = steps.iter().map(|(step, back)| { time += step; time + back }).collect();
            let mut used = Vec::new();
            let mut cursor = Cursor::default();
            for length in breaks.iter().chain([&usize::MAX]) {
                // As the engine filters.
                let since = cursor.since();
                let given = log.iter().enumerate().filter(|(_, second)| **second >= since);
                let known = usize::try_from(cursor.known()).unwrap();
                for (index, second) in given.skip(known).take(*length) {
                    used.push(index);
                    cursor.pass(*second);
                }
            }
            prop_assert_eq!(used, (0..log.len()).collect::<Vec<_>>());
        }
    }
}
