//! What is measured: one file per group, each with its set-up and its clients.

pub(crate) mod api;
pub(crate) mod lists;
pub(crate) mod login;
pub(crate) mod manifests;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod repeat;
pub(crate) mod seed;

/// The repositories of a run, below the run's prefix; a bearer token is asked for all of them at once.
pub(crate) const REPOSITORIES: [&str; 6] = ["api", "images", "pull", "push", "tags", "referrers"];

/// A size in bytes as the table writes it.
pub(crate) fn megabytes(size: usize) -> String {
    format!("{} MB", size / 1_000_000)
}
