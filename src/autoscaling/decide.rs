//! How many tasks a service is to have. Pure: what alarms say, what was measured and when it was scaled last go in, a
//! decision comes out. Whether a metric is too far from its target is for the alarms of a policy to say, not decided here.
//!
//! Out at once, so that the metric comes to its target; in slowly, and only if every policy that may scale in agrees, and
//! not during a deployment. The limits hold whatever is measured.

use std::time::Duration;

use types::Timestamp;

/// Scaling in takes away one part of so many at a time, and at least one task.
const STEP: u64 = 10;
/// Cooldowns of policies that say none.
pub(crate) const COOLDOWN: Duration = Duration::from_secs(300);

/// What a policy wants, and what was measured.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) target: f64,
    /// What was measured last, if its alarm says that it is too much.
    pub(crate) above: Option<f64>,
    /// The most that was measured, if its alarm says that it is well below the target, and nothing is missing.
    pub(crate) below: Option<f64>,
    pub(crate) out_cooldown: Duration,
    pub(crate) in_cooldown: Duration,
    pub(crate) scales_in: bool,
}

/// All that counts.
#[derive(Debug, Clone)]
pub(crate) struct Situation {
    pub(crate) now: Timestamp,
    pub(crate) current: u64,
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) is_deploying: bool,
    pub(crate) may_scale_out: bool,
    pub(crate) may_scale_in: bool,
    /// When it was scaled out last, and how many tasks there were before.
    pub(crate) last_out: Option<(Timestamp, u64)>,
    /// When it was scaled in last.
    pub(crate) last_in: Option<Timestamp>,
    pub(crate) policies: Vec<Policy>,
}

/// Why it is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// There are fewer tasks than there may be.
    Minimum,
    /// There are more.
    Maximum,
    /// The policy at that place wants more.
    Out(usize),
    /// All want fewer; the one at that place wants the most of them.
    In(usize),
}

/// How many tasks there are to be, and why; none if nothing is to be done.
pub(crate) fn decide(situation: &Situation) -> Option<(u64, Why)> {
    let Situation { current, min, max, .. } = *situation;
    if current < min {
        return situation.may_scale_out.then_some((min, Why::Minimum));
    }
    if current > max {
        return situation.may_scale_in.then_some((max.max(min), Why::Maximum));
    }
    out(situation).or_else(|| inward(situation))
}

fn out(situation: &Situation) -> Option<(u64, Why)> {
    if !situation.may_scale_out {
        return None;
    }
    let wanted = situation.policies.iter().enumerate().filter_map(|(place, policy)| {
        let value = policy.above?;
        // What was added a moment ago has not had its effect yet: it counts as part of what is added now.
        let base = match situation.last_out {
            Some((at, before)) if situation.now < at.after(policy.out_cooldown) => before.min(situation.current),
            _ => situation.current,
        };
        Some((proportional(base, value, policy.target), place))
    });
    // Of two that want the same, the first one.
    let (wanted, place) = wanted.max_by_key(|(wanted, place)| (*wanted, usize::MAX - place))?;
    let wanted = wanted.min(situation.max);
    (wanted > situation.current).then_some((wanted, Why::Out(place)))
}

fn inward(situation: &Situation) -> Option<(u64, Why)> {
    if !situation.may_scale_in || situation.is_deploying {
        return None;
    }
    let current = situation.current;
    let mut wanted: Option<(u64, usize)> = None;
    for (place, policy) in situation.policies.iter().enumerate().filter(|(_, policy)| policy.scales_in) {
        let highest = policy.below?;
        let rests = |at: Timestamp| situation.now < at.after(policy.in_cooldown);
        if situation.last_in.is_some_and(rests) || situation.last_out.is_some_and(|(at, _)| rests(at)) {
            return None;
        }
        let own = proportional(current, highest, policy.target);
        if wanted.is_none_or(|(known, _)| own > known) {
            wanted = Some((own, place));
        }
    }
    let (wanted, place) = wanted?;
    let step = (current / STEP).max(1);
    let wanted = wanted.max(current.saturating_sub(step)).max(situation.min);
    (wanted < current).then_some((wanted, Why::In(place)))
}

/// So many that a metric which falls with their number comes to its target.
fn proportional(count: u64, value: f64, target: f64) -> u64 {
    // A little less than nothing above a whole number is that number: 3 × 70 / 70 is 3.
    let exact = count as f64 * (value / target);
    let rounded = exact.round();
    let whole = if (exact - rounded).abs() < 1e-9 { rounded } else { exact.ceil() };
    // Saturates, and what is no number is 0.
    whole as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    /// A policy whose metric has been at a value for long.
    fn policy(target: f64, value: f64) -> Policy {
        let above = (value > target).then_some(value);
        let below = (value < 0.9 * target).then_some(value);
        Policy { target, above, below, out_cooldown: COOLDOWN, in_cooldown: COOLDOWN, scales_in: true }
    }

    fn situation(current: u64, policies: Vec<Policy>) -> Situation {
        Situation {
            now: NOW,
            current,
            min: 1,
            max: 100,
            is_deploying: false,
            may_scale_out: true,
            may_scale_in: true,
            last_out: None,
            last_in: None,
            policies,
        }
    }

    #[test]
    fn it_scales_out_at_once_to_where_the_metric_meets_its_target() {
        let hot = situation(4, vec![policy(50.0, 90.0)]);
        assert_eq!(decide(&hot), Some((8, Why::Out(0))));
        assert_eq!(decide(&Situation { max: 6, ..hot.clone() }), Some((6, Why::Out(0))));
        assert_eq!(decide(&Situation { may_scale_out: false, ..hot.clone() }), None);
        assert_eq!(decide(&Situation { is_deploying: true, ..hot }), Some((8, Why::Out(0))));
        // An alarm that somebody made go off too early asks for no more tasks, nor for fewer.
        let early = Policy { above: Some(40.0), ..policy(50.0, 48.0) };
        assert_eq!(decide(&situation(4, vec![early])), None);
        // The policy that wants the most decides, and whatever the others say.
        let policies = vec![policy(50.0, 1.0), policy(50.0, 60.0), policy(10.0, 30.0)];
        assert_eq!(decide(&situation(4, policies)), Some((12, Why::Out(2))));
    }

    #[test]
    fn while_it_rests_only_a_larger_step_counts() {
        let ago = |seconds| NOW.before(Duration::from_secs(seconds));
        let hot = |value, last_out| Situation { last_out, ..situation(8, vec![policy(50.0, value)]) };
        assert_eq!(decide(&hot(90.0, Some((ago(60), 4)))), None);
        assert_eq!(decide(&hot(150.0, Some((ago(60), 4)))), Some((12, Why::Out(0))));
        assert_eq!(decide(&hot(90.0, Some((ago(301), 4)))), Some((15, Why::Out(0))));
    }

    #[test]
    fn it_scales_in_slowly_and_only_if_all_agree() {
        let cold = || policy(50.0, 5.0);
        assert_eq!(decide(&situation(40, vec![cold()])), Some((36, Why::In(0))));
        assert_eq!(decide(&situation(4, vec![cold()])), Some((3, Why::In(0))));
        assert_eq!(decide(&situation(1, vec![cold()])), None);
        assert_eq!(decide(&situation(4, vec![cold(), policy(50.0, 46.0)])), None);
        assert_eq!(decide(&Situation { is_deploying: true, ..situation(4, vec![cold()]) }), None);
        assert_eq!(
            decide(&Situation { last_in: Some(NOW.before(Duration::from_secs(9))), ..situation(4, vec![cold()]) }),
            None
        );
        let never = Policy { scales_in: false, ..policy(50.0, 49.0) };
        assert_eq!(decide(&situation(4, vec![cold(), never.clone()])), Some((3, Why::In(0))));
        assert_eq!(decide(&situation(4, vec![never])), None);
        // The alarm of one of them says nothing: it may be off, or gone, or nothing was measured.
        let silent = Policy { below: None, ..cold() };
        assert_eq!(decide(&situation(4, vec![cold(), silent])), None);
    }

    #[test]
    fn the_limits_hold_though_nothing_is_measured() {
        let bounds = |current| Situation { min: 2, max: 5, ..situation(current, Vec::new()) };
        assert_eq!(decide(&bounds(0)), Some((2, Why::Minimum)));
        assert_eq!(decide(&bounds(9)), Some((5, Why::Maximum)));
        assert_eq!(decide(&bounds(3)), None);
        assert_eq!(decide(&Situation { may_scale_in: false, ..bounds(9) }), None);
    }

    prop_compose! {
        fn any_policy()(
            target in 0.001_f64..1e6,
            above in prop::option::of(0.0_f64..1e9),
            below in prop::option::of(0.0_f64..1e9),
            out in 0_u64..600,
            inward in 0_u64..600,
            scales_in: bool,
        ) -> Policy {
            let (out_cooldown, in_cooldown) = (Duration::from_secs(out), Duration::from_secs(inward));
            Policy { target, above, below, out_cooldown, in_cooldown, scales_in }
        }
    }

    prop_compose! {
        fn any_situation()(
            current in 0_u64..2_000,
            limits in (0_u64..50, 0_u64..500),
            flags: (bool, bool, bool),
            last_out in prop::option::of((0_u64..900, 0_u64..2_000)),
            last_in in prop::option::of(0_u64..900),
            policies in prop::collection::vec(any_policy(), 0..5),
        ) -> Situation {
            let ago = |seconds| NOW.before(Duration::from_secs(seconds));
            Situation {
                now: NOW,
                current,
                min: limits.0,
                max: limits.0 + limits.1,
                is_deploying: flags.0,
                may_scale_out: flags.1,
                may_scale_in: flags.2,
                last_out: last_out.map(|(seconds, before)| (ago(seconds), before)),
                last_in: last_in.map(ago),
                policies,
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_decided_is_within_the_limits_and_a_change(situation in any_situation()) {
            if let Some((wanted, why)) = decide(&situation) {
                prop_assert!((situation.min..=situation.max).contains(&wanted));
                prop_assert_ne!(wanted, situation.current);
                let up = matches!(why, Why::Minimum | Why::Out(_));
                prop_assert_eq!(up, wanted > situation.current);
                let allowed = if up { situation.may_scale_out } else { situation.may_scale_in };
                prop_assert!(allowed);
                if let Why::In(_) = why {
                    prop_assert!(!situation.is_deploying);
                    prop_assert!(situation.current - wanted <= (situation.current / 10).max(1));
                }
            }
        }

        #[test]
        fn limits_are_reached_in_one_step(mut situation in any_situation()) {
            (situation.may_scale_out, situation.may_scale_in) = (true, true);
            if !(situation.min..=situation.max).contains(&situation.current) {
                let wanted = decide(&situation).map(|(wanted, _)| wanted);
                prop_assert_eq!(wanted, Some(situation.current.clamp(situation.min, situation.max)));
            }
        }

        #[test]
        fn while_no_alarm_is_on_nothing_changes_within_the_limits(mut situation in any_situation()) {
            for policy in &mut situation.policies {
                (policy.above, policy.below) = (None, None);
            }
            if (situation.min..=situation.max).contains(&situation.current) {
                prop_assert_eq!(decide(&situation), None);
            }
        }
    }
}
