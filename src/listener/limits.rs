//! How long clients may take and how much they may hold.

use std::time::Duration;

use tracing::warn;

/// Time-outs and limits of the listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most connections at one time; more wait in the kernel's queue.
    pub connections: usize,
    /// The most fields of a head in HTTP/1. None: the 100 that hyper has room for without an allocation.
    pub fields: Option<usize>,
    /// How long the TLS handshake may take.
    pub handshake: Duration,
    /// How long a request's head may take from its first byte, and a new connection to send one.
    pub header: Duration,
    /// How long a connection may stay open without a request.
    pub idle: Duration,
    /// How long a body may make no progress because of the client. There is no limit to the whole.
    pub stall: Duration,
    /// How long what is in flight may take to finish after the order to stop.
    pub grace: Duration,
    /// How often the TLS files are looked at.
    pub tls_check: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            fields: None,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(15),
            // Load balancers keep connections for 60 s; closing first would race with their next request.
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(300),
            grace: Duration::from_secs(30),
            tls_check: Duration::from_secs(3),
        }
    }
}

impl Limits {
    /// Descriptors kept for blobs, the database and the storage.
    const RESERVED_FILES: usize = 256;

    /// Those of a listener, and those of others beside it whose connections are balanced: each of these needs a second file,
    /// for the connection to its target.
    pub fn beside_balanced(self) -> (Self, Self) {
        match open_files() {
            Some(open_files) => self.divided(open_files),
            None => (self.clone(), self),
        }
    }

    /// Where there is not enough for all, each of both kinds gets half of what there is.
    fn divided(self, open_files: usize) -> (Self, Self) {
        let possible = Self::possible(open_files);
        if self.connections.saturating_mul(3) <= possible {
            return (self.clone(), self);
        }
        let most = |part: usize| self.connections.min(part.max(1));
        let (own, balanced) = (most(possible / 2), most(possible / 4));
        if balanced < self.connections {
            warn!(
                open_files,
                connections = own,
                balanced,
                "the limit of open files lowers the limits of connections, and of those that are balanced"
            );
        }
        (Self { connections: own, ..self.clone() }, Self { connections: balanced, ..self })
    }

    /// How many files there may be for connections.
    fn possible(open_files: usize) -> usize {
        open_files.saturating_sub(Self::RESERVED_FILES).max(open_files / 2).max(1)
    }

    /// Keeps the connections from taking every file descriptor, which would fail reads of blobs that are in flight.
    pub(super) fn within_open_files(mut self) -> Self {
        let Some(open_files) = open_files() else {
            return self;
        };
        let possible = Self::possible(open_files);
        if possible < self.connections {
            warn!(open_files, connections = possible, "the limit of open files lowers the limit of connections");
            self.connections = possible;
        }
        self
    }
}

/// The soft limit of open files of this process.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_balanced_leaves_files_for_the_others() {
        let limits = || Limits { connections: 4096, ..Limits::default() };
        for (open_files, expected) in [
            (1 << 20, (4096, 4096)),
            (13_000, (4096, 4096)),
            (12_000, (4096, 2936)),
            (1024, (384, 192)),
            (100, (25, 12)),
            (1, (1, 1)),
        ] {
            let (own, balanced) = limits().divided(open_files);
            assert_eq!((own.connections, balanced.connections), expected, "{open_files}");
        }
    }
}
