//! The limit of open files of this process. Each connection is one, and one that is balanced two.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many as anybody needs. Without a limit the kernel has one of its own.
const ENOUGH: u64 = 1 << 20;

/// Raises it as far as this process may. The soft limit that most systems begin with, 1024, is there for programs of old that
/// cannot count further; those that can are to raise it.
pub(crate) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if current.is_none_or(|current| current >= wanted) {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        tracing::warn!(%error, open_files = current, "the limit of open files cannot be raised");
    }
}
