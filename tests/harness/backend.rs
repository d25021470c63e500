//! The four combinations of database and storage that the program supports, and running one test body on several of them.
//! It does not know how any of them is provided: see `backing`.

use super::server::Wharf;

/// What a server under test keeps its metadata and its bytes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// SQLite and a directory: the embedded default.
    SqliteDisk,
    /// SQLite and an S3 bucket.
    SqliteS3,
    /// PostgreSQL and a directory.
    PostgresDisk,
    /// PostgreSQL and an S3 bucket: what replicas share.
    PostgresS3,
}

impl Backend {
    /// Whether the metadata is in PostgreSQL.
    pub fn postgres(self) -> bool {
        matches!(self, Self::PostgresDisk | Self::PostgresS3)
    }

    /// Whether the bytes are in S3.
    pub fn s3(self) -> bool {
        matches!(self, Self::SqliteS3 | Self::PostgresS3)
    }
}

/// Where ordinary behavior is tested: the embedded default and the one with nothing in common with it.
pub const DEFAULT: &[Backend] = &[Backend::SqliteDisk, Backend::PostgresS3];

/// Where tests run whose outcome depends on how bytes or rows are stored.
pub const ALL: &[Backend] = &[Backend::SqliteDisk, Backend::SqliteS3, Backend::PostgresDisk, Backend::PostgresS3];

/// Runs a test body against a fresh server on each of the backends, one after the other.
pub async fn on<F: AsyncFn(&Wharf)>(backends: &[Backend], body: F) {
    for &backend in backends {
        // The last line of this kind in the output of a failed test names the backend that failed.
        println!("on {backend:?}");
        let wharf = Wharf::start(backend).await;
        body(&wharf).await;
    }
}

/// [`on`] the default backends.
pub async fn on_default<F: AsyncFn(&Wharf)>(body: F) {
    on(DEFAULT, body).await;
}

/// [`on`] all four backends.
pub async fn on_all<F: AsyncFn(&Wharf)>(body: F) {
    on(ALL, body).await;
}
