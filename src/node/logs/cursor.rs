//! How far into the log of a container its follower has come.
//!
//! An engine can be asked for what was written since a second, and gives it in the order in which it was written. So a
//! place in the log is a second, and how many records from it on were used. Seconds of two outputs that are written side
//! by side may be out of order by a little: the last few are counted one by one. All parts of a line have the second of the
//! first, however much later they come, so reading begins no later than a line that has not ended.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::line::Record;

/// How many seconds are counted one by one.
const WINDOW: i64 = 10;

/// A place in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cursor {
    /// Where reading begins: a while before the last record, since an older one may still come.
    from: i64,
    /// How many records from there on were used that are older than the last seconds. None, unless a line has not ended.
    older: u64,
    /// How many records were used, by the second in which they were written, in the last seconds.
    seconds: BTreeMap<i64, u64>,
    /// The seconds of lines that have not ended, of each output.
    open: [Option<i64>; 3],
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
    /// If the last of them are lines that had not ended: how many records behind the cursor that was.
    #[serde(default)]
    pub(super) cut: Option<u64>,
}

impl Cursor {
    /// The second to read from.
    pub(super) fn since(&self) -> i64 {
        self.from
    }

    /// How many records from that second on are known already.
    pub(super) fn known(&self) -> u64 {
        self.older + self.seconds.values().sum::<u64>()
    }

    /// The last second of them, if it is known.
    pub(super) fn last(&self) -> Option<i64> {
        self.seconds.last_key_value().map(|(last, _)| *last)
    }

    /// A record was used.
    pub(super) fn pass(&mut self, record: Record) {
        let Record { second, stream, whole } = record;
        if let Some(open) = self.open.get_mut(stream) {
            *open = (!whole).then(|| open.unwrap_or(second));
        }
        // An older one is not given again.
        if second >= self.from {
            *self.seconds.entry(second).or_default() += 1;
        }
        let Some(begin) = self.seconds.last_key_value().map(|(last, _)| last - WINDOW) else { return };
        let last = self.seconds.split_off(&begin);
        self.older += std::mem::replace(&mut self.seconds, last).values().sum::<u64>();
        let is_held = self.open.iter().flatten().any(|open| *open < begin);
        if begin > self.from && !is_held {
            (self.from, self.older) = (begin, 0);
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
            steps in prop::collection::vec((0..4_i64, -3..1_i64, 1..3_usize, 0..5_u8), 1..200),
            breaks in prop::collection::vec(1..20_usize, 1..40),
        ) {
            let (mut time, mut open) = (1_800_000_000_i64, [None; 3]);
            let record = |(step, back, stream, end): &(i64, i64, usize, u8)| {
                time += step;
                // One line of four has parts; and some go on for long.
                let second = open[*stream].unwrap_or(time + back);
                let whole = if open[*stream].is_some() { *end == 0 } else { *end != 0 };
                open[*stream] = (!whole).then_some(second);
                Record { second, stream: *stream, whole }
            };
            let log: Vec<Record> = steps.iter().map(record).collect();
            let mut used = Vec::new();
            let mut cursor = Cursor::default();
            for length in breaks.iter().chain([&usize::MAX]) {
                // As the engine filters.
                let since = cursor.since();
                let given = log.iter().enumerate().filter(|(_, record)| record.second >= since);
                let known = usize::try_from(cursor.known()).unwrap();
                // What is passed over is none that is later than the last second.
                let passed: Vec<&Record> = given.clone().take(known).map(|(_, record)| record).collect();
                prop_assert!(passed.iter().all(|record| Some(record.second) <= cursor.last()));
                for (index, record) in given.skip(known).take(*length) {
                    used.push(index);
                    cursor.pass(*record);
                }
                prop_assert!(cursor.seconds.len() <= usize::try_from(WINDOW).unwrap() + 1);
            }
            prop_assert_eq!(used, (0..log.len()).collect::<Vec<_>>());
        }
    }
}
