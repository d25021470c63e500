//! Background work: garbage collection, lifecycle runs, undoing, and the table of jobs.

mod events;
mod garbage;
mod gc_delay;
mod lifecycle;
mod lifecycle_archive;
mod lifecycle_preview_bytes;
mod model;
mod queue;
mod restore;
mod usage;

use tests::harness::Wharf;

/// Collects garbage until nothing is left that may go, however young.
pub(crate) fn collect(wharf: &Wharf) -> String {
    must(wharf, &["gc", "--delay", "0s"])
}

/// Runs a command that must succeed, and gives what it printed.
pub(crate) fn must(wharf: &Wharf, arguments: &[&str]) -> String {
    let finished = wharf.run(arguments);
    assert!(finished.status.success(), "{arguments:?}: {finished:?}");
    finished.stdout
}

/// How many blobs have rows and how many objects there are; nothing may be wrong with either.
pub(crate) fn stored(wharf: &Wharf) -> (usize, usize) {
    let (blobs, objects, _) = stored_and_waiting(wharf);
    (blobs, objects)
}

/// The same, and how many of the objects only wait for their removal.
pub(crate) fn stored_and_waiting(wharf: &Wharf) -> (usize, usize, usize) {
    let said = must(wharf, &["fsck"]);
    let numbers: Vec<usize> = said.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    (numbers[0], numbers[1], numbers[2])
}
