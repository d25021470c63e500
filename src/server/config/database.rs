//! Which database to use: a SQLite file or a PostgreSQL server.

use std::path::{Path, PathBuf};

use types::Secret;

/// The database.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// The embedded database, in this file.
    Sqlite(PathBuf),
    /// A PostgreSQL server; the address may hold a password.
    Postgres(Secret),
}

impl Database {
    /// Reads `sqlite:PATH` or `postgres://…`. Nothing given is a file in the data directory.
    pub(crate) fn parse(text: Option<&str>, data_dir: &Path) -> Result<Self, String> {
        let Some(text) = text else {
            return Ok(Self::Sqlite(data_dir.join("wharf.db")));
        };
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err("'sqlite:' needs the path of a file".to_owned()),
                ":memory:" => Err("a database in memory would forget every image at the next start".to_owned()),
                path if path.contains('?') => Err(format!("'sqlite:{path}': options after ? are not supported")),
                path => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        let remote = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
        match remote {
            Some("") => Err(format!("'{text}' names no server")),
            Some(_) => Ok(Self::Postgres(Secret::new(text))),
            None => Err(format!("'{}' begins with neither sqlite: nor postgres://", redact(text))),
        }
    }

    /// The address as it may be shown.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => redact(url.expose()),
        }
    }
}

/// The URL without its password, whether it stands before the host or among the options.
pub(crate) fn redact(url: &str) -> String {
    let (address, options) = match url.split_once('?') {
        Some((address, options)) => (address, Some(options)),
        None => (url, None),
    };
    // The last @ counts: a password that was not percent-encoded may contain one.
    let mut shown = match address.rsplit_once('@') {
        Some((login, host)) => {
            let start = login.find("://").map_or(0, |at| at + 3);
            // Without a scheme the first colon may be the one after `postgres`: then the whole login is hidden.
            match login[start..].split_once(':').filter(|_| start > 0) {
                Some((user, _)) => format!("{}{user}:***@{host}", &login[..start]),
                None if start > 0 => address.to_owned(),
                None => format!("***@{host}"),
            }
        }
        None => address.to_owned(),
    };
    if let Some(options) = options {
        let options: Vec<String> = options
            .split('&')
            .map(|option| match option.split_once('=') {
                Some((name, _)) if name.to_ascii_lowercase().contains("pass") => format!("{name}=***"),
                _ => option.to_owned(),
            })
            .collect();
        shown = format!("{shown}?{}", options.join("&"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Database, String> {
        Database::parse(Some(text), Path::new("/data"))
    }

    #[test]
    fn the_default_is_a_file_in_the_data_directory() {
        let database = Database::parse(None, Path::new("/data")).unwrap();
        assert!(matches!(database, Database::Sqlite(path) if path == Path::new("/data/wharf.db")));
    }

    #[test]
    fn both_kinds_of_address_are_read() {
        assert!(matches!(parse("sqlite:a/b.db"), Ok(Database::Sqlite(path)) if path == Path::new("a/b.db")));
        assert!(matches!(parse("sqlite:///a/b.db"), Ok(Database::Sqlite(path)) if path == Path::new("/a/b.db")));
        assert!(matches!(parse("postgres://u:p@h/db"), Ok(Database::Postgres(_))));
        assert!(matches!(parse("postgresql://h/db"), Ok(Database::Postgres(_))));
    }

    #[test]
    fn impossible_addresses_are_refused_without_showing_the_password() {
        for text in ["sqlite:", "sqlite::memory:", "postgres://", "mysql://u:hunter2@h/db", "u:hunter2@h", ""] {
            let refusal = parse(text).unwrap_err();
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }

    #[test]
    fn passwords_are_hidden_wherever_they_stand() {
        for (url, shown) in [
            ("postgres://u:hunter2@h:5432/db?sslmode=require", "postgres://u:***@h:5432/db?sslmode=require"),
            ("postgres://u:hun@ter2@h/db", "postgres://u:***@h/db"),
            ("postgres://u@h/db?password=hunter2&x=1", "postgres://u@h/db?password=***&x=1"),
            ("postgres://h/db", "postgres://h/db"),
        ] {
            assert_eq!(redact(url), shown);
        }
        assert!(!format!("{:?}", parse("postgres://u:hunter2@h/db").unwrap()).contains("hunter2"));
    }
}
