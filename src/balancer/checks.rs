//! The state of a target from the outcomes of its checks, one after the other. Pure.

use elb::health::State;
use elb::routing::HealthCheck;

/// What checks have said so far.
#[derive(Debug, Clone)]
pub(crate) struct Checks {
    state: State,
    /// Outcomes in a row that speak against the state.
    against: u32,
}

impl Checks {
    /// Of a target in a state.
    pub(crate) fn of(state: State) -> Self {
        Self { state, against: 0 }
    }

    /// The state.
    #[cfg(test)]
    fn state(&self) -> State {
        self.state
    }

    /// Notes an outcome. Gives the new state if it changes.
    pub(crate) fn take(&mut self, success: bool, check: &HealthCheck) -> Option<State> {
        let (next, needed) = match (self.state, success) {
            // A target that is new needs one success, as on AWS.
            (State::Initial, true) => (State::Healthy, 1),
            (State::Initial | State::Healthy, false) => (State::Unhealthy, check.unhealthy_threshold),
            (State::Unhealthy, true) => (State::Healthy, check.healthy_threshold),
            _ => {
                self.against = 0;
                return None;
            }
        };
        self.against += 1;
        if self.against < needed {
            return None;
        }
        (self.state, self.against) = (next, 0);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn check(healthy_threshold: u32, unhealthy_threshold: u32) -> HealthCheck {
        HealthCheck {
            path: None,
            port: None,
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            healthy_threshold,
            unhealthy_threshold,
            matcher: Vec::new(),
        }
    }

    #[test]
    fn one_success_is_enough_for_a_new_target() {
        let (mut checks, check) = (Checks::of(State::Initial), check(3, 2));
        assert_eq!(checks.take(false, &check), None);
        assert_eq!(checks.take(true, &check), Some(State::Healthy));
        assert_eq!(checks.take(false, &check), None);
        assert_eq!(checks.take(true, &check), None);
        assert_eq!(checks.take(false, &check), None);
        assert_eq!(checks.take(false, &check), Some(State::Unhealthy));
        assert_eq!(checks.take(true, &check), None);
        assert_eq!(checks.take(true, &check), None);
        assert_eq!(checks.take(true, &check), Some(State::Healthy));
    }

    proptest! {
        /// A state changes only after enough outcomes in a row that speak against it.
        #[test]
        fn thresholds_are_kept(
            outcomes in proptest::collection::vec(any::<bool>(), 0..60),
            healthy in 2u32..=10,
            unhealthy in 2u32..=10,
        ) {
            let (mut checks, check) = (Checks::of(State::Initial), check(healthy, unhealthy));
            let mut row: (bool, u32) = (true, 0);
            for success in outcomes {
                row = if row.0 == success { (success, row.1 + 1) } else { (success, 1) };
                let before = checks.state();
                if let Some(state) = checks.take(success, &check) {
                    let needed = match (before, state) {
                        (State::Initial, State::Healthy) => 1,
                        (_, State::Healthy) => healthy,
                        _ => unhealthy,
                    };
                    prop_assert!(row.1 >= needed);
                    prop_assert_eq!(state == State::Healthy, success);
                }
            }
        }
    }
}
