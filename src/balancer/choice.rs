//! Which target group gets a request, by weight, and in which order targets are tried. Pure but for counters that go round.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A counter whose turns are spread evenly: any run of turns gives each share its part, but for rounding.
#[derive(Debug, Default)]
pub(crate) struct Turns(AtomicU64);

impl Turns {
    /// The next turn, as a part of the whole range of numbers.
    pub(crate) fn spread(&self) -> u64 {
        // Multiples of the golden section lie as evenly as anything can.
        self.0.fetch_add(1, Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// The next turn among `count`.
    pub(crate) fn next(&self, count: usize) -> usize {
        let turn = self.0.fetch_add(1, Relaxed);
        usize::try_from(turn % count.max(1) as u64).unwrap_or_default()
    }
}

/// The one of several whose share a turn falls into. None has a share if all weights are zero.
pub(crate) fn by_weight<T>(choices: &[(T, u32)], turn: u64) -> Option<&T> {
    let total: u64 = choices.iter().map(|(_, weight)| u64::from(*weight)).sum();
    // The turn is scaled from the whole range to the total.
    let mut at = u64::try_from((u128::from(turn) * u128::from(total)) >> 64).unwrap_or_default();
    for (choice, weight) in choices {
        let weight = u64::from(*weight);
        if at < weight {
            return Some(choice);
        }
        at -= weight;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shares_are_as_the_weights_say(weights in proptest::collection::vec(0u32..=999, 1..=5)) {
            let choices: Vec<(usize, u32)> = weights.iter().copied().enumerate().collect();
            let total: u32 = weights.iter().sum();
            let turns = Turns::default();
            let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
            const ROUNDS: u32 = 2000;
            for _ in 0..ROUNDS {
                match by_weight(&choices, turns.spread()) {
                    Some(choice) => *counts.entry(*choice).or_default() += 1,
                    None => prop_assert_eq!(total, 0),
                }
            }
            for (choice, weight) in choices {
                let count = f64::from(counts.get(&choice).copied().unwrap_or_default());
                if total > 0 {
                    let expected = f64::from(ROUNDS) * f64::from(weight) / f64::from(total);
                    prop_assert!((count - expected).abs() < 20.0, "{} of {}: {} {}", choice, total, count, expected);
                }
                // What has no share gets nothing at all.
                prop_assert!(weight > 0 || count == 0.0);
            }
        }

        #[test]
        fn turns_go_round(count in 1usize..10, rounds in 1usize..5) {
            let turns = Turns::default();
            let taken: Vec<usize> = (0..count * rounds).map(|_| turns.next(count)).collect();
            for choice in 0..count {
                prop_assert_eq!(taken.iter().filter(|taken| **taken == choice).count(), rounds);
            }
        }
    }
}
