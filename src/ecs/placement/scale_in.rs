//! The mirror of placement: which of the tasks of a service goes first when there are too many.

use super::{Draw, Host, Strategy};

/// The index of the task that is best to stop. `on` tells for each task that may be stopped the index of its host; one that
/// has none yet goes first. None if there is no task.
///
/// Tasks that may not be stopped count for the balance, since hosts know them.
pub(crate) fn first_to_stop(
    hosts: &[Host],
    on: &[Option<usize>],
    group: &str,
    strategies: &[Strategy],
    draw: Draw<'_>,
) -> Option<usize> {
    if let Some(waiting) = on.iter().position(Option::is_none) {
        return Some(waiting);
    }
    let mut candidates: Vec<usize> = on.iter().flatten().copied().collect();
    candidates.sort_unstable();
    candidates.dedup();
    if candidates.is_empty() {
        return None;
    }
    // What runs on a host that is to become empty is to go anyway.
    let is_draining = |index: &usize| hosts.get(*index).is_none_or(|host| !host.active);
    if candidates.iter().any(is_draining) {
        candidates.retain(is_draining);
    }
    for strategy in strategies {
        strategy.narrow_to_stop(hosts, group, &mut candidates);
    }
    let drawn = draw(candidates.len()) % candidates.len();
    let host = candidates.get(drawn).copied();
    on.iter().position(|one| *one == host)
}
