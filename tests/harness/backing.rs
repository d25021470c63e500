//! The database and the storage of one test: created for it, removed after it, and shared by as many servers as the test starts
//! on it. Which settings lead a server to them is here; starting servers is in `server`.

use std::path::Path;

use uuid::Uuid;

use super::backend::Backend;
use super::{postgres, s3};

/// A database and a place for bytes that belong to one test alone.
pub struct Backing {
    backend: Backend,
    database: Option<postgres::Database>,
    storage: Option<s3::Prefix>,
    master_key: String,
}

impl Backing {
    /// Creates a database without rows and an empty storage prefix as the backend asks for; fails the test, saying what to
    /// install, when they cannot be had.
    pub fn create(backend: Backend) -> Self {
        Self::on(backend, backend.postgres().then(postgres::Database::create))
    }

    /// The same without a schema, as it is on the very first start.
    pub fn create_empty(backend: Backend) -> Self {
        Self::on(backend, backend.postgres().then(postgres::Database::create_empty))
    }

    fn on(backend: Backend, database: Option<postgres::Database>) -> Self {
        // Replicas share secrets that are sealed in the database, so they must share the key that is not in it.
        let key = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
        Self {
            backend,
            database,
            storage: backend.s3().then(s3::Prefix::create),
            master_key: base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key),
        }
    }

    /// Which combination this is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The PostgreSQL database; only on backends that have one.
    pub fn database(&self) -> &postgres::Database {
        self.database.as_ref().expect("the test runs on a backend with PostgreSQL")
    }

    /// The place in S3; only on backends that have one.
    pub fn storage(&self) -> &s3::Prefix {
        self.storage.as_ref().expect("the test runs on a backend with S3")
    }

    /// The settings that make a server with this data directory use this backing.
    pub fn settings(&self, data: &Path) -> Vec<(String, String)> {
        let mut settings = vec![("WHARF_DATA_DIR".to_owned(), data.display().to_string())];
        if let Some(database) = &self.database {
            settings.push(("WHARF_DATABASE_URL".to_owned(), database.url().to_owned()));
            settings.push(("WHARF_MASTER_KEY".to_owned(), self.master_key.clone()));
        }
        if let Some(storage) = &self.storage {
            settings.extend(storage.settings());
        }
        settings
    }
}
